/** Comparison of distinguished names. RFC 4514: https://www.rfc-editor.org/rfc/rfc4514 */

/** Canonical names of attributes, by their other names in RFC 4514 §3 and in the output of OpenSSL. */
const SYNONYMS: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  COMMONNAME: 'CN',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  S: 'ST',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.6': 'C',
  '2.5.4.9': 'STREET',
  '2.5.4.5': 'SERIALNUMBER',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
  '1.2.840.113549.1.9.1': 'EMAILADDRESS',
  E: 'EMAILADDRESS',
}

/** An attribute: its type, and its value with escaped separators. RFC 4514 §3. */
const ATTRIBUTE = /^ *([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+) *=((?:\\.|[^\\,+])*)([,+]|$)/s

/**
 * Returns a canonical form, in which equal names are equal texts: attributes with one name each, values without regard to
 * case and the number of spaces (RFC 4517 §4.2.11), attributes of one step sorted. Undefined if the text is not a name.
 */
export function canonicalDn(name: string): string | undefined {
  const steps: string[][] = [[]]
  let rest = name
  for (;;) {
    const [all, type, value, separator] = ATTRIBUTE.exec(rest) ?? []
    if (all === undefined) return undefined
    const upper = type!.toUpperCase()
    steps.at(-1)!.push(JSON.stringify([SYNONYMS[upper] ?? upper, canonicalValue(value!)]))
    rest = rest.slice(all.length)
    if (separator === '') return JSON.stringify(steps.map((step) => step.sort()))
    if (separator === ',') steps.push([])
  }
}

/** Returns a certificate's name from its last step to its first (RFC 4514 §2.1). OpenSSL writes a line per step, from the first. */
export function reverseDn(lines: string): string {
  return lines.split('\n').reverse().join(',')
}

/** Returns a value without case, repeated spaces and escapes: of a character, or of the bytes of UTF-8. RFC 4514 §2.4. */
function canonicalValue(value: string): string {
  const text = value.replaceAll(
    /((?:\\[0-9a-f]{2})+)|\\(.)/gis,
    (_all, bytes: string | undefined, character: string) =>
      bytes === undefined ? character : Buffer.from(bytes.replaceAll('\\', ''), 'hex').toString(),
  )
  return text.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase()
}
