/** Loads the keys of a configuration: from files, inline, generated, or kept in a file. */
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Config, EncryptionKey, Key } from '../generated/types.js'
import { keySources, repeated } from './check/index.js'
import type { LoadFiles } from './contents.js'
import type { Complaint } from './errors.js'
import {
  generateMaterial,
  type KeyAlg,
  type Material,
  makeKey,
  readJwk,
  readMaterial,
  readPem,
} from './key_material.js'
import { listKeys } from './profiles.js'
import { type Content, readContent, reasonOf, textOf } from './read.js'
import type { Pruned } from './schema.js'
import { describeFile, isFileContent, NOT_A_NAME } from './show.js'
import type { KeyToGenerate, LoadedKeys, PrivateKey } from './snapshot.js'

type LoadedKey = PrivateKey | KeyToGenerate

export interface KeyLoading {
  readonly config: Pruned<Config>
  /** The base of relative paths. */
  readonly folder: string
  readonly files: LoadFiles
  /** The keys of the previous snapshot; unchanged keys are reused. */
  readonly previous: LoadedKeys | undefined
  /** Whether a missing `keep_in` file is created. */
  readonly create: boolean
}

/** An entry of one of the two lists. */
interface Entry {
  readonly list: 'keys' | 'encryption_keys'
  readonly index: number
  readonly key: Pruned<Key | EncryptionKey> | undefined
  loaded?: LoadedKey | undefined
}

/** Generates a key; its default kid is its RFC 7638 thumbprint. */
export async function generateKey<A extends KeyAlg>(alg: A, kid?: string): Promise<PrivateKey<A>> {
  return await makeKey(await generateMaterial(alg), alg, kid)
}

/** Loads all keys and returns the problems of each. Creates files only if there are no problems. */
export async function loadKeys(loading: KeyLoading): Promise<LoadedKeys & { complaints: Complaint[] }> {
  const lists = listKeys(loading.config)
  const entries = (['keys', 'encryption_keys'] as const).flatMap((list) =>
    lists[list].map((key, index): Entry => ({ list, index, key })),
  )
  const known = [...(loading.previous?.keys ?? []), ...(loading.previous?.encryption_keys ?? [])]
  const unused = known.filter((key) => 'generate' in key)
  const complaints: Complaint[] = []
  const missing: Entry[] = []
  for (const entry of entries) {
    const found = await attempt(entry, complaints, (key) => loadKey(key, loading, known, unused))
    if (found === 'missing') missing.push(entry)
    else entry.loaded = found
  }
  if (loading.create && complaints.length === 0) {
    for (const entry of missing) {
      entry.loaded = await attempt(entry, complaints, (key) => createKey(key, loading.folder))
    }
  }
  const of = (list: Entry['list']) => entries.filter((entry) => entry.list === list)
  const kids = (list: Entry['list']) => of(list).map(({ loaded, key }) => loaded?.kid ?? key?.kid)
  complaints.push(...repeated('kid', { keys: kids('keys'), encryption_keys: kids('encryption_keys') }))
  const loaded = (list: Entry['list']) => of(list).flatMap((entry) => entry.loaded ?? [])
  return {
    keys: loaded('keys') as unknown as LoadedKeys['keys'],
    encryption_keys: loaded('encryption_keys') as unknown as LoadedKeys['encryption_keys'],
    complaints,
  }
}

/** Runs a step for a complete key and converts an error to a complaint. */
async function attempt<T>(
  { list, index, key }: Entry,
  complaints: Complaint[],
  step: (key: Whole) => Promise<T>,
): Promise<T | undefined> {
  if (key === undefined || !isWhole(key)) return undefined
  try {
    return await step(key)
  } catch (error) {
    const { message } = error as Error
    complaints.push({ path: [list, String(index), ...keySources(key)], at: 'value', message })
    return undefined
  }
}

/** A key with a valid `alg` and at most one valid source. */
type Whole = Pruned<Key | EncryptionKey> & { readonly alg: KeyAlg }

function isWhole(key: Pruned<Key | EncryptionKey>): key is Whole {
  const sources = keySources(key)
  return key.alg !== undefined && sources.length < 2 && sources.every((source) => key[source] !== undefined)
}

async function loadKey(
  { alg, kid, file, pem, jwk, keep_in }: Whole,
  { folder, files }: KeyLoading,
  known: readonly LoadedKey[],
  unused: KeyToGenerate[],
): Promise<LoadedKey | 'missing'> {
  const reusable = known.filter((key) => 'privateKey' in key)
  const make = (material: Material) => makeKey(material, alg, kid, reusable)
  if (pem !== undefined) return await make(readPem(pem))
  if (jwk !== undefined) return await make(readJwk(jwk, alg))
  if (file !== undefined) {
    return await make(readKeyFile(folder, file, await files.read(resolve(folder, file)), alg, kid))
  }
  if (keep_in === undefined) return takeGenerated({ alg, kid, generate: true }, unused)
  if (isFileContent(keep_in)) throw new Error(NOT_A_NAME)
  const kept = resolve(folder, keep_in)
  if (await isMissing(kept)) return 'missing'
  // The provider writes this file, so its changes are not followed.
  return await make(readKeyFile(folder, keep_in, await readContent(kept), alg, kid))
}

/** Returns the object of the previous snapshot for an unchanged entry, because issuers identify generated keys by it. */
function takeGenerated(key: KeyToGenerate, unused: KeyToGenerate[]): KeyToGenerate {
  const index = unused.findIndex(({ alg, kid }) => alg === key.alg && kid === key.kid)
  return index === -1 ? key : unused.splice(index, 1)[0]!
}

function readKeyFile(folder: string, file: string, content: Content, alg: KeyAlg, kid: string | undefined): Material {
  try {
    return readMaterial(textOf(content), alg, kid)
  } catch (error) {
    throw new Error(describeFile(folder, file, (error as Error).message))
  }
}

/** Whether the file must be created. Throws if its folder does not exist. */
async function isMissing(file: string): Promise<boolean> {
  try {
    await stat(file)
    return false
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return false
  }
  const folder = await stat(dirname(file)).catch(() => undefined)
  if (folder?.isDirectory()) return true
  throw new Error(`names ${file}, but the folder ${dirname(file)} does not exist; create it`)
}

/** Generates a key and writes it to its file in one step, readable by the owner only. */
async function createKey({ alg, kid, keep_in }: Whole, folder: string): Promise<PrivateKey> {
  const file = resolve(folder, keep_in!)
  const material = await generateMaterial(alg)
  const key = await makeKey(material, alg, kid)
  const jwk = { ...material.key.export({ format: 'jwk' }), kid: key.kid, alg, use: key.publicJwk.use }
  try {
    const workshop = await mkdtemp(`${file}.`)
    const draft = join(workshop, basename(file))
    await writeFile(draft, `${JSON.stringify(jwk, undefined, 2)}\n`, { mode: 0o600 })
    await rename(draft, file).finally(() => rm(workshop, { recursive: true, force: true }))
  } catch (error) {
    throw new Error(`names ${file}, which cannot be written: it ${reasonOf(error)}`)
  }
  return key
}
