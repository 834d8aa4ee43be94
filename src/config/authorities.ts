/** PEM files with the certificates of trusted authorities. RFC 7468 §5. */
import { X509Certificate } from 'node:crypto'
import { resolve } from 'node:path'
import type { LoadFiles } from './contents.js'
import type { Complaint } from './errors.js'
import { textOf } from './read.js'
import { describeFile } from './show.js'

/** Returns the certificates of a file as PEM, without its other content; nothing if no file is configured. */
export async function loadAuthorities(
  path: readonly string[],
  file: string | undefined,
  folder: string,
  files: LoadFiles,
): Promise<{ pem?: string; complaints: Complaint[] }> {
  if (file === undefined) return { complaints: [] }
  try {
    return { pem: readCertificates(textOf(await files.read(resolve(folder, file)))), complaints: [] }
  } catch (error) {
    const message = describeFile(folder, file, (error as Error).message)
    return { complaints: [{ path, at: 'value', message }] }
  }
}

function readCertificates(text: string): string {
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
  if (found.length === 0) {
    throw new Error('has no certificate, expected a PEM file with -----BEGIN CERTIFICATE-----')
  }
  for (const [index, pem] of found.entries()) {
    if (!isCertificate(pem)) throw new Error(`has an invalid certificate: number ${index + 1} of its PEM`)
  }
  return found.join('\n')
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem) !== undefined
  } catch {
    return false
  }
}
