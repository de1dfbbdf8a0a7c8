"""The test kit of the formats: what makes its files, and what two implementations say of them."""
