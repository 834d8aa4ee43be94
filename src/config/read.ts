/** Reads a file or a pipe and describes failures in sentences. */
import type { BigIntStats } from 'node:fs'
import { type FileHandle, lstat, open, readdir, stat } from 'node:fs/promises'
import { isPast } from './age.js'

/** Largest file that is read, in bytes. */
const LARGEST = 4 * 1024 * 1024
const CHUNK = 64 * 1024

/** The bytes of a file or of a pipe such as a shell's `<(…)`. */
interface Bytes {
  readonly bytes: Buffer
  /** Inode, size and times of the file, twice if they changed during the read, or `pipe`. */
  readonly version: string
  /** Whether the bytes are those of the version: all were read, and the last write was not a moment before. */
  readonly settled: boolean
  /** Whether the file has no name any more, as a mounted file that was replaced on the host. */
  readonly unlinked: boolean
}

/** The reason why a path has no bytes. */
interface Failure {
  /** The end of a sentence that begins with the name of the file. */
  readonly failure: string
  /** Whether nothing has the name of the file, not even a broken symbolic link. */
  readonly absent: boolean
}

/** The content of a path at one moment. */
export type Content = Bytes | Failure

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

/** Returns the content of a UTF-8 file or pipe. */
export async function readText(file: string): Promise<string> {
  return textOf(await readContent(file))
}

/** Returns the text of a content. Throws an error whose message is the end of a sentence that begins with the file name. */
export function textOf(content: Content): string {
  if ('failure' in content) throw new Error(content.failure)
  if (content.bytes.length > LARGEST) throw new Error('is larger than 4 MiB, expected at most 4 MiB')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content.bytes)
  } catch {
    throw new Error('is not valid UTF-8; save it in UTF-8')
  }
}

/** Returns the text of a stream of UTF-8. Throws an error as `textOf` does. */
export async function readStream(stream: AsyncIterable<Uint8Array | string>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk)
    chunks.push(bytes)
    size += bytes.length
    if (size > LARGEST) break
  }
  return textOf({ bytes: Buffer.concat(chunks), version: PIPE, settled: true, unlinked: false })
}

/** Stands for the content of a file that was written during its last read: each later content is a change. */
export const UNREAD: Content = { failure: 'is written at the moment', absent: false }

/** Whether two contents have the same effect. */
export function isSame(one: Content, other: Content): boolean {
  if (one === other) return true
  if ('failure' in one || 'failure' in other) {
    return 'failure' in one && 'failure' in other && one.failure === other.failure && one.absent === other.absent
  }
  return one.unlinked === other.unlinked && one.bytes.equals(other.bytes)
}

/** Whether a content was not written between two reads, not even with the same bytes. */
export function isUnwritten(one: Content, other: Content): boolean {
  return isSame(one, other) && ('failure' in one || 'failure' in other || one.version === other.version)
}

/**
 * Returns the content of a path.
 * @param known the content of an earlier read, which is returned if the file has the same version. A pipe keeps it: it can be read only once.
 */
export async function readContent(file: string, known?: Content): Promise<Content> {
  try {
    const found = await stat(file, { bigint: true })
    const isPipe = !found.isFile() && !found.isDirectory()
    const bytes = known !== undefined && 'bytes' in known ? known : undefined
    if (isPipe && known !== undefined) return bytes?.version === PIPE ? bytes : LATE_PIPE
    if (bytes?.settled && bytes.version === describeVersion(found)) return bytes
    return await readBytes(await open(file), isPipe)
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT' && !(await isLink(file))
    return { failure: reasonOf(error) + (await explainFolder(file)), absent }
  }
}

const PIPE = 'pipe'
const LATE_PIPE: Failure = {
  failure: 'is a pipe, expected a file, because a pipe is read only once, at the start',
  absent: false,
}

/** Reads at most one chunk more than the largest file, and closes the file. */
async function readBytes(handle: FileHandle, isPipe: boolean): Promise<Bytes> {
  try {
    const before = await handle.stat({ bigint: true })
    const chunks: Buffer[] = []
    for (let size = 0; size <= LARGEST; ) {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(CHUNK))
      if (bytesRead === 0) break
      chunks.push(buffer.subarray(0, bytesRead))
      size += bytesRead
    }
    const after = await handle.stat({ bigint: true })
    const bytes = Buffer.concat(chunks)
    if (isPipe) return { bytes, version: PIPE, settled: true, unlinked: false }
    const versions = new Set([before, after].map(describeVersion))
    const settled = versions.size === 1 && BigInt(bytes.length) === after.size && isPast(Number(after.ctimeMs))
    return { bytes, version: [...versions].join(' '), settled, unlinked: after.nlink === 0n }
  } finally {
    await handle.close()
  }
}

const describeVersion = ({ ino, size, mtimeNs, ctimeNs }: BigIntStats) => [ino, size, mtimeNs, ctimeNs].join(':')

async function isLink(file: string): Promise<boolean> {
  return await lstat(file).then(
    () => true,
    () => false,
  )
}

/** Returns an explanation for an empty folder: a container engine creates it if the mounted file does not exist. */
async function explainFolder(file: string): Promise<string> {
  const entries = await readdir(file).catch(() => undefined)
  if (entries?.length !== 0) return ''
  return '; Docker creates an empty folder if the file to mount does not exist on the host'
}
