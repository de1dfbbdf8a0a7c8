// From an action to the digest that is signed, and from a signature to who signed.
import { keccak_256 } from '@noble/hashes/sha3.js'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { packAction } from './action.mjs'
import { addressBytes } from './address.mjs'
import { ascii, bigEndian, join, toHex } from './bytes.mjs'
import { Refused } from './refused.mjs'

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const hashOf = (text) => keccak_256(ascii(text))
const DOMAIN = keccak_256(join(
  hashOf('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
  hashOf('Exchange'),
  hashOf('1'),
  bigEndian(1337n, 32),
  new Uint8Array(32),
))
const AGENT = hashOf('Agent(string source,bytes32 connectionId)')
const SOURCES = { mainnet: 'a', testnet: 'b' }

/** @param signable `action`, `nonce`, `vaultAddress` and `expiresAfter`, null where there is none */
export function actionHash({ action, nonce, vaultAddress, expiresAfter }) {
  return keccak_256(join(
    packAction(action),
    bigEndian(nonce, 8),
    vaultAddress === null ? Uint8Array.of(0) : join(Uint8Array.of(1), addressBytes(vaultAddress)),
    expiresAfter === null ? Uint8Array.of() : join(Uint8Array.of(0), bigEndian(expiresAfter, 8)),
  ))
}

/** The EIP-712 digest, 32 bytes. */
export function digestOf(signable) {
  const message = join(AGENT, hashOf(SOURCES[signable.network]), actionHash(signable))
  return keccak_256(join(Uint8Array.of(0x19, 0x01), DOMAIN, keccak_256(message)))
}

/** @returns {string} the address of who signed, in lower case */
export function recover(digest, { r, s, v }, path) {
  if (r === 0n || s === 0n || r >= ORDER || s > ORDER / 2n) {
    throw new Refused('signature-invalid', path, 'not a canonical signature')
  }
  try {
    const point = new secp256k1.Signature(r, s, Number(v) - 27).recoverPublicKey(digest)
    return toHex(keccak_256(point.toBytes(false).subarray(1)).subarray(12))
  } catch {
    throw new Refused('signature-invalid', path, 'no key can have signed this')
  }
}
