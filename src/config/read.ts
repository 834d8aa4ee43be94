/** Reads text files and describes failures in sentences. */
import { open, readdir, stat } from 'node:fs/promises'

/** Largest file that is read, in bytes. */
const LARGEST = 4 * 1024 * 1024
const CHUNK = 64 * 1024

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'cannot be read: permission denied',
  EISDIR: 'is a folder, expected a file',
}

/** Returns the reason for a failure, as the end of a sentence that begins with the file name. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return REASONS[String(code)] ?? message
}

/** Returns the content of a UTF-8 file or pipe, such as a shell's `<(…)`. */
export async function readText(file: string): Promise<string> {
  const bytes = await readBytes(file).catch(async (error: unknown) => {
    throw new Error(reasonOf(error) + (await explainFolder(file)))
  })
  if (bytes.length > LARGEST) throw new Error('is larger than 4 MiB, expected at most 4 MiB')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('is not valid UTF-8; save it in UTF-8')
  }
}

/** Returns an explanation for an empty folder: a container engine creates it if the mounted file does not exist. */
async function explainFolder(file: string): Promise<string> {
  const entries = await readdir(file).catch(() => undefined)
  if (entries?.length !== 0) return ''
  return '; Docker creates an empty folder if the file to mount does not exist on the host'
}

/** Whether the file has been unlinked and can still be read, as a mounted file that was replaced on the host. */
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
