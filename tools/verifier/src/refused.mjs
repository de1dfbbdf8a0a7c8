// Why a document is not what it should be, and where.

export class Refused extends Error {
  /**
   * @param {string} code stays the same from version to version
   * @param {string} path JSON path, such as `$.payload.nonce`
   * @param {string} message what was found, or what was expected
   */
  constructor(code, path, message) {
    super(message)
    this.code = code
    this.path = path
  }
}
