/** Notifies of events at files, at the folders of the files, and at the symbolic links that lead to them. */
import { isDeepStrictEqual } from 'node:util'
import { watch } from 'chokidar'
import { findRoute, type Route } from './route.js'

/** Milliseconds between two polls. */
const POLL = 500

export interface Notifier {
  /** Notifies of events at these files from now on, on their present route. */
  setFiles(files: Iterable<string>): Promise<void>
  close(): Promise<void>
}

type Closable = Pick<Notifier, 'close'>

/**
 * Calls `onEvent` for each event of the file system. Kinds and order of events depend on the system and the way of saving,
 * and events at the same folder that are about other files are included.
 */
export async function openNotifier(
  files: Iterable<string>,
  onEvent: () => void,
  onError: (error: unknown) => void,
): Promise<Notifier> {
  let isCurrent = true
  const notify = () => {
    isCurrent = false
    onEvent()
  }
  let names = [...files]
  let route = await findRoute(names)
  let watcher = await openWatcher(route, notify, onError)
  return {
    async setFiles(files) {
      const next = [...files]
      // Only an event can change the route of the same files.
      if (isCurrent && isDeepStrictEqual(names, next)) return
      isCurrent = true
      names = next
      const found = await findRoute(names)
      if (isDeepStrictEqual(found, route)) return
      route = found
      await watcher.close()
      watcher = await openWatcher(route, notify, onError)
      // Events before the watcher began.
      notify()
    },
    close: () => watcher.close(),
  }
}

/** Calls `onEvent` twice a second, for file systems that send no notifications. */
export function startClock(onEvent: () => void): Notifier {
  const timer = setInterval(onEvent, POLL)
  return { setFiles: async () => undefined, close: async () => clearInterval(timer) }
}

/** Watches the folders of a route. Resolves when notifications have begun. */
async function openWatcher(
  { folders, steps }: Route,
  onEvent: () => void,
  onError: (error: unknown) => void,
): Promise<Closable> {
  // chokidar is never ready without folders.
  if (folders.size === 0) return { close: async () => undefined }
  const watcher = watch([...folders.keys()], {
    depth: 0,
    ignoreInitial: true,
    ignored: (path) => !folders.has(path) && !steps.has(path),
  })
  watcher.on('raw', onEvent).on('all', onEvent).on('error', onError)
  await new Promise<void>((begun) => watcher.once('ready', begun))
  return watcher
}
