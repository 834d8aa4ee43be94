/** Reading one text file, with a sentence for everything that can go wrong. */
import { open, readdir, stat } from 'node:fs/promises'

/** Nobody writes a larger configuration by hand; it is a mistake or an attack. */
const LARGEST = 4 * 1024 * 1024
const CHUNK = 64 * 1024

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read: permission denied',
  EISDIR: 'is a folder, but a file was expected',
}

/** Why a file could not be read or written, as the end of a sentence that begins with its name. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return REASONS[String(code)] ?? message
}

/** The content of a UTF-8 file. A pipe will do as well, so a shell's `<(…)` works. */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file).catch(async (error: unknown) => {
    throw new Error(reasonOf(error) + (await explainFolder(file)))
  })
  if (bytes.length > LARGEST) throw new Error('is larger than 4 MiB, which no configuration needs')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('is not valid UTF-8; save it in that encoding')
  }
}

/** A container engine that is to mount a file which the host lacks makes an empty folder and mounts that. */
async function explainFolder(file: string): Promise<string> {
  const entries = await readdir(file).catch(() => undefined)
  if (entries?.length !== 0) return ''
  return '; Docker makes an empty folder where the file to mount does not exist on the host'
}

/** Whether the file has been unlinked though it can still be read, as happens to a single file that is mounted. */
export async function isReplaced(file: string): Promise<boolean> {
  const found = await stat(file)
  return found.isFile() && found.nlink === 0
}

async function readBytes(file: string): Promise<Buffer> {
  const handle = await open(file)
  try {
    const chunks: Buffer[] = []
    for (let size = 0; size <= LARGEST; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK))
      if (bytesRead === 0) break
      chunks.push(buffer.subarray(0, bytesRead))
      size += bytesRead
    }
    return Buffer.concat(chunks)
  } finally {
    await handle.close()
  }
}
