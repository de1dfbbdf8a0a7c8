"""QR codes on a terminal, and the keys that steer them; what a code says is not its business."""
