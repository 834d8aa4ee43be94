/** Each save of a file is one change, for every way of saving. */
import { execFile, execFileSync } from 'node:child_process'
import { appendFile, mkdir, open, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { type WatchOptions, watchFiles } from '../../src/config/watch.js'
import { ROOT } from '../root.js'
import { exhaustWatches } from '../watches.js'

/** A watch that counts, and a promise for each next change. */
async function observe(t: Test, files: string[], options?: WatchOptions) {
  let count = 0
  let wake = () => {}
  const onChange = () => {
    count += 1
    wake()
  }
  const watch = await watchFiles(files, onChange, undefined, options)
  t.teardown(() => watch.close())
  return {
    watch,
    count: () => count,
    /** Does something and waits until it was noticed. */
    async after(step: () => Promise<unknown>) {
      const noticed = new Promise<void>((resolve) => {
        wake = resolve
      })
      await step()
      await noticed
    },
  }
}

async function renameOver(file: string, text: string) {
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}

/** What the kubelet does to update a mounted ConfigMap. */
async function swapConfigMap(folder: string, before: string, after: string, text: string) {
  await mkdir(join(folder, after))
  await writeFile(join(folder, after, 'config.yaml'), text)
  await symlink(after, join(folder, '..data_tmp'))
  await rename(join(folder, '..data_tmp'), join(folder, '..data'))
  await rm(join(folder, before), { recursive: true })
}

t.test('a write in place is one change', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const { after, count } = await observe(t, [file])
  await after(() => writeFile(file, 'b'))
  await after(() => writeFile(file, 'c'))
  t.equal(count(), 2)
})

t.test('a slow save is one change', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const { after, count } = await observe(t, [file])
  await after(async () => {
    const handle = await open(file, 'w')
    for (let part = 0; part < 30; part += 1) {
      await handle.write(`part ${part}\n`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await handle.close()
  })
  await after(() => writeFile(file, 'c'))
  t.equal(count(), 2)
})

t.test('a rename over the file is one change', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const { after, count } = await observe(t, [file])
  await after(() => renameOver(file, 'b'))
  await after(() => renameOver(file, 'c'))
  t.equal(count(), 2)
})

t.test('the swap of a Kubernetes ConfigMap is one change', async (t) => {
  const folder = t.testdir({
    '..2024_1': { 'config.yaml': 'a' },
    '..data': t.fixture('symlink', '..2024_1'),
    'config.yaml': t.fixture('symlink', '..data/config.yaml'),
  })
  const { after, count } = await observe(t, [join(folder, 'config.yaml')])
  await after(() => swapConfigMap(folder, '..2024_1', '..2024_2', 'b'))
  await after(() => swapConfigMap(folder, '..2024_2', '..2024_3', 'c'))
  t.equal(count(), 2)
})

t.test('a change behind a link to another folder is one change', async (t) => {
  const folder = t.testdir({
    there: { 'config.yaml': 'a' },
    here: { 'config.yaml': t.fixture('symlink', '../there/config.yaml') },
  })
  const { after, count } = await observe(t, [join(folder, 'here/config.yaml')])
  await after(() => writeFile(join(folder, 'there/config.yaml'), 'b'))
  await after(() => renameOver(join(folder, 'there/config.yaml'), 'c'))
  t.equal(count(), 2)
})

t.test('a new target of a link in the path is one change', async (t) => {
  const folder = t.testdir({
    one: { 'config.yaml': 'a' },
    two: { 'config.yaml': 'b' },
    current: t.fixture('symlink', 'one'),
  })
  const { after, count } = await observe(t, [join(folder, 'current/config.yaml')])
  await after(async () => {
    await symlink('two', join(folder, 'next'))
    await rename(join(folder, 'next'), join(folder, 'current'))
  })
  await after(() => writeFile(join(folder, 'two/config.yaml'), 'c'))
  t.equal(count(), 2)
})

t.test('a file that is removed and created again is one change', async (t) => {
  const folder = t.testdir({ 'config.yaml': 'a', 'users.yaml': 'a' })
  const file = join(folder, 'config.yaml')
  const { after, count } = await observe(t, [file, join(folder, 'users.yaml')])
  await after(async () => {
    await rm(file)
    await writeFile(file, 'b')
  })
  await rm(file)
  await after(() => writeFile(join(folder, 'users.yaml'), 'b'))
  await after(() => writeFile(file, 'c'))
  t.equal(count(), 3, 'a moment of absence is no change')
})

t.test('a file that stays deleted is a change, and so is its return', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const { after, count } = await observe(t, [file])
  await after(() => rm(file))
  await after(() => writeFile(file, 'a'))
  t.equal(count(), 2)
})

t.test('a file that stays empty is a change, and so is its new content', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const { after, count } = await observe(t, [file])
  await after(() => writeFile(file, ''))
  await after(() => writeFile(file, 'b'))
  t.equal(count(), 2)
})

t.test('a folder in place of a file is a change, and so is the return of the file', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const { after, count } = await observe(t, [file])
  await after(async () => {
    await rm(file)
    await mkdir(file)
  })
  await after(async () => {
    await rm(file, { recursive: true })
    await writeFile(file, 'b')
  })
  t.equal(count(), 2)
})

t.test(
  'a file of which the last name was taken, as when a single mounted file is replaced',
  {
    skip: process.platform !== 'linux' && 'only Linux has /proc',
  },
  async (t) => {
    const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
    const handle = await open(file, 'r+')
    t.teardown(() => handle.close())
    const { after, count } = await observe(t, [`/proc/self/fd/${handle.fd}`], { poll: true })
    await after(() => rm(file))
    t.equal(count(), 1)
  },
)

t.test('polling detects all ways of saving', async (t) => {
  const folder = t.testdir({
    '..2024_1': { 'config.yaml': 'a' },
    '..data': t.fixture('symlink', '..2024_1'),
    'config.yaml': t.fixture('symlink', '..data/config.yaml'),
    'users.yaml': 'a',
  })
  const users = join(folder, 'users.yaml')
  const { after, count } = await observe(t, [join(folder, 'config.yaml'), users], { poll: true })
  await after(() => swapConfigMap(folder, '..2024_1', '..2024_2', 'b'))
  await after(() => writeFile(users, 'b'))
  await after(() => renameOver(users, 'c'))
  await after(() => rm(users))
  await after(() => writeFile(users, 'd'))
  t.equal(count(), 5)
})

t.test('a watch without files can be closed', async (t) => {
  const watch = await watchFiles([], () => {})
  await watch.close()
  t.pass('is no reason to wait')
})

t.test('a file that is created later, with its folder, is a change', async (t) => {
  const folder = t.testdir({})
  const file = join(folder, 'a/b/config.yaml')
  const { after, count } = await observe(t, [file])
  await after(async () => {
    await mkdir(join(folder, 'a/b'), { recursive: true })
    await writeFile(file, 'a')
  })
  await after(() => writeFile(file, 'b'))
  t.equal(count(), 2)
})

t.test('a save with the same content is not a change', async (t) => {
  const folder = t.testdir({ 'config.yaml': 'a', other: 'a' })
  const file = join(folder, 'config.yaml')
  const { after, count } = await observe(t, [file])
  await writeFile(file, 'a')
  await writeFile(join(folder, 'other'), 'b')
  await writeFile(file, '')
  await after(() => writeFile(file, 'b'))
  t.equal(count(), 1)
})

t.test('the first content of an empty file is a change', async (t) => {
  const file = join(t.testdir({ 'config.yaml': '' }), 'config.yaml')
  const { after, count } = await observe(t, [file])
  await after(() => writeFile(file, 'a'))
  t.equal(count(), 1)
})

t.test('a watch without files begins at once', async (t) => {
  const { watch, count } = await observe(t, [])
  await watch.close()
  t.equal(count(), 0)
})

t.test('a path that is not a file has no content', async (t) => {
  const folder = t.testdir({ folder: {}, loop: t.fixture('symlink', 'loop'), 'config.yaml': 'a' })
  const files = ['folder', 'loop', 'config.yaml'].map((name) => join(folder, name))
  const { after, count } = await observe(t, files)
  await after(() => appendFile(join(folder, 'config.yaml'), 'b'))
  t.equal(count(), 1)
})

t.test(
  'a pipe is not read, since that would take from whoever it is for',
  {
    skip: process.platform === 'win32' && 'Windows has no named pipes',
  },
  async (t) => {
    const folder = t.testdir({ 'config.yaml': 'a' })
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const { after, count } = await observe(t, [join(folder, 'pipe'), join(folder, 'config.yaml')])
    await after(() => appendFile(join(folder, 'config.yaml'), 'b'))
    t.equal(count(), 1)
  },
)

t.test('a closed watch reports no change', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const closed = await observe(t, [file])
  const open = await observe(t, [file])
  await open.after(async () => {
    const writing = writeFile(file, 'b')
    await closed.watch.close()
    await writing
  })
  t.equal(closed.count(), 0)
})

t.test('a closed watch lets the process end', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const program = `
    import { watchFiles } from ${JSON.stringify(join(ROOT, 'dist/config/watch.js'))}
    const watch = await watchFiles([${JSON.stringify(file)}], () => {})
    await watch.close()
    console.log('closed')`
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    '--input-type=module',
    '--eval',
    program,
  ])
  t.equal(stdout, 'closed\n')
})

t.test('an error of the listener is reported', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const reported = new Promise((resolve, reject) => {
    const listener = () => {
      throw new Error('from the listener')
    }
    watchFiles([file], listener, resolve).then((watch) => {
      t.teardown(() => watch.close())
      return writeFile(file, 'b')
    }, reject)
  })
  t.match(await reported, { message: 'from the listener' })
})

t.test('the limit of watched files is reported once', async (t) => {
  const folder = t.testdir({ one: { 'config.yaml': 'a' }, two: { 'config.yaml': 'a' } })
  exhaustWatches(t)
  const errors: unknown[] = []
  const files = ['one', 'two'].map((name) => join(folder, name, 'config.yaml'))
  const running = await watchFiles(
    files,
    () => {},
    (error) => errors.push(error),
  )
  await running.close()
  t.match(errors, [{ code: 'ENOSPC' }])
  t.equal(errors.length, 1)

  const quiet = await watchFiles(files, () => {})
  await quiet.close()
})
