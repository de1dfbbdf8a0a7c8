// Words that two people compare instead of hexadecimal; each stands for one byte (BCR-2020-012).
import { keccak_256 } from '@noble/hashes/sha3.js'
import { addressBytes } from './address.mjs'
import { ascii, bigEndian, join } from './bytes.mjs'
import { Refused } from './refused.mjs'

const TAG = 'coldlever/check/2'
const WORDS = `
  able acid also apex aqua arch atom aunt away axis back bald barn belt beta bias
  blue body brag brew bulb buzz calm cash cats chef city claw code cola cook cost
  crux curl cusp cyan dark data days deli dice diet door down draw drop drum dull
  duty each easy echo edge epic even exam exit eyes fact fair fern figs film fish
  fizz flap flew flux foxy free frog fuel fund gala game gear gems gift girl glow
  good gray grim guru gush gyro half hang hard hawk heat help high hill holy hope
  horn huts iced idea idle inch inky into iris iron item jade jazz join jolt jowl
  judo jugs jump junk jury keep keno kept keys kick kiln king kite kiwi knob lamb
  lava lazy leaf legs liar limp lion list logo loud love luau luck lung main many
  math maze memo menu meow mild mint miss monk nail navy need news next noon note
  numb obey oboe omit onyx open oval owls paid part peck play plus poem pool pose
  puff puma purr quad quiz race ramp real redo rich road rock roof ruby ruin runs
  rust safe saga scar sets silk skew slot soap solo song stub surf swan taco task
  taxi tent tied time tiny toil tomb toys trip tuna twin ugly undo unit urge user
  vast very veto vial vibe view visa void vows wall wand warm wasp wave waxy webs
  what when whiz wolf work yank yawn yell yoga yurt zaps zero zest zinc zone zoom
`.trim().split(/\s+/)

/** @param subjects `digest` (bytes) and `signer` (address or null) of each request, in order */
export function checkWords(subjects) {
  return subjects.some(({ signer }) => signer === null) ? null : wordsOf(subjects, '', 16)
}

/** The five words that answer a challenge of four. */
export function answerWords(subjects, challenge) {
  return subjects.some(({ signer }) => signer === null) ? null : wordsOf(subjects, challenge, 5)
}

/** @returns {string} the challenge as it is hashed */
export function asChallenge(text) {
  const words = text.trim().toLowerCase().split(/\s+/)
  // Some signs beyond ASCII become an ASCII letter in lower case, or count as white space.
  const isPlain = /^[\0-\x7f]*$/.test(text)
  if (!isPlain || words.length !== 4 || !words.every((word) => WORDS.includes(word))) {
    throw new Refused('bad-challenge', '$', 'not four words of the list')
  }
  return words.join(' ')
}

function wordsOf(subjects, challenge, count) {
  const number = subjects.length === 1 ? Uint8Array.of() : bigEndian(BigInt(subjects.length), 4)
  const each = subjects.flatMap(({ digest, signer }) => [digest, addressBytes(signer)])
  const hash = keccak_256(join(ascii(TAG), ascii(challenge), number, ...each))
  return Array.from(hash.subarray(0, count), (byte) => WORDS[byte]).join(' ')
}
