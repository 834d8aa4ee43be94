/** Distinguished names as texts, and which of them are the same. RFC 4514: https://www.rfc-editor.org/rfc/rfc4514 */

/** RFC 4514 §3 and what OpenSSL writes: names of the same attribute. */
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

/** An attribute: its type, then its value, in which a separator is escaped. RFC 4514 §3. */
const ATTRIBUTE = /^ *([A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)+) *=((?:\\.|[^\\,+])*)([,+]|$)/s

/**
 * A form in which two names are equal if they are the same: attributes under one name each, values without regard to case
 * and to the number of spaces (RFC 4517 §4.2.11), several attributes of one step in any order. Undefined for what is no name.
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

/** RFC 4514 §2.1: a certificate's name from its last step to its first. OpenSSL writes one line for each, from the first. */
export function reverseDn(lines: string): string {
  return lines.split('\n').reverse().join(',')
}

/** RFC 4514 §2.4: what a backslash hides is a character, or the two hex digits of a byte in UTF-8. */
function canonicalValue(value: string): string {
  const text = value.replaceAll(
    /((?:\\[0-9a-f]{2})+)|\\(.)/gis,
    (_all, bytes: string | undefined, character: string) =>
      bytes === undefined ? character : Buffer.from(bytes.replaceAll('\\', ''), 'hex').toString(),
  )
  return text.normalize('NFKC').trim().replaceAll(/\s+/g, ' ').toLowerCase()
}
