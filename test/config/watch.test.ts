/** Each save of a file is one change, for every way of saving. */
import { execFile, execFileSync } from 'node:child_process'
import { utimesSync } from 'node:fs'
import { appendFile, copyFile, link, mkdir, open, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { type Contents, readContents, readUnwritten } from '../../src/config/contents.js'
import { textOf } from '../../src/config/read.js'
import { type WatchOptions, watchFiles } from '../../src/config/watch.js'
import { ROOT } from '../root.js'
import { exhaustWatches } from '../watches.js'

const keep = async (contents: Contents) => contents

/** A watch that counts, and a promise for each next change. */
async function observe(t: Test, files: string[], options?: WatchOptions) {
  const used: Contents[] = []
  let wake = () => {}
  const use = async (contents: Contents) => {
    used.push(contents)
    wake()
    return contents
  }
  const watch = await watchFiles(await readContents(files), use, undefined, options)
  t.teardown(() => watch.close())
  return {
    watch,
    count: () => used.length,
    /** The texts of each change, in the order of the files. */
    texts: () => used.map((contents) => files.map((file) => textOf(contents.get(file)!))),
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
      await setTimeout(10)
    }
    await handle.close()
  })
  await after(() => writeFile(file, 'c'))
  t.equal(count(), 2)
})

/** Content of several lines, each with a number. */
const linesOf = (name: string, count = 40) =>
  Array.from({ length: count }, (_, index) => `${name} ${index}: ${'.'.repeat(index % 17)}\n`).join('')

/** Writes a text into the file in pieces, with pauses in milliseconds between them. */
async function writeSlowly(file: string, text: string, size: number, pauses: readonly number[]) {
  const handle = await open(file, 'w')
  for (let at = 0, count = 0; at < text.length; at += size, count += 1) {
    if (count > 0) await setTimeout(pauses[count % pauses.length])
    await handle.write(text.slice(at, at + size))
  }
  await handle.close()
}

t.test('a save with pauses below the time of quiet is one change, with the whole text', async (t) => {
  const [before, next] = [linesOf('before'), linesOf('next')]
  const file = join(t.testdir({ 'config.yaml': before }), 'config.yaml')
  const { after, texts } = await observe(t, [file])
  await after(() => writeSlowly(file, next, 100, [50, 200, 120]))
  await after(() => writeSlowly(file, before, 100, [200]))
  t.strictSame(texts(), [[next], [before]])
})

t.test('a file that ends in the middle of a line waits one more period', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a: 1\n' }), 'config.yaml')
  const { after, texts } = await observe(t, [file])
  await after(() => writeSlowly(file, 'a: 10\n', 4, [400]))
  await after(() => writeFile(file, 'a: 2'))
  t.strictSame(texts(), [['a: 10\n'], ['a: 2']], 'and is then accepted')
})

t.test('a file that has lost more than half of its bytes waits one more period', async (t) => {
  const next = linesOf('next')
  const file = join(t.testdir({ 'config.yaml': linesOf('before') }), 'config.yaml')
  const { after, texts } = await observe(t, [file])
  await after(() => writeSlowly(file, next, next.indexOf('\n', next.length / 3) + 1, [400]))
  await after(() => writeFile(file, 'a: 2\n'))
  t.strictSame(texts(), [[next], ['a: 2\n']], 'and is then accepted')
})

t.test('a file that is written again with the same bytes is not quiet', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a: 1\n' }), 'config.yaml')
  const { after, texts } = await observe(t, [file])
  await after(async () => {
    const handle = await open(file, 'w')
    for (let count = 0; count < 8; count += 1) {
      await handle.write('a: 10\n', 0)
      await setTimeout(100)
    }
    await handle.write('b: 1\n', 6)
    await handle.close()
  })
  t.strictSame(texts(), [['a: 10\nb: 1\n']])
})

/** Replaces the content as programs do. */
const SAVES: Readonly<Record<string, (file: string, text: string) => Promise<unknown>>> = {
  'a rename of a finished file': renameOver,
  'vim with backupcopy=no': async (file, text) => {
    await rename(file, `${file}~`)
    await writeFile(file, text)
    await rm(`${file}~`)
  },
  'vim with backupcopy=yes': async (file, text) => {
    await copyFile(file, `${file}~`)
    await writeFile(file, text)
    await rm(`${file}~`)
  },
  'an empty file and then its content': async (file, text) => {
    await writeFile(file, '')
    await setTimeout(300)
    await writeFile(file, text)
  },
  'a removed file and then a new one': async (file, text) => {
    await rm(file)
    await setTimeout(300)
    await writeFile(file, text)
  },
  'cp of another file': async (file, text) => {
    await writeFile(`${file}.other`, text)
    await promisify(execFile)('cp', [`${file}.other`, file])
  },
  'a temporary file with pauses, as rsync writes it': async (file, text) => {
    await writeSlowly(`${file}.x7Gh2`, text, 300, [300])
    await rename(`${file}.x7Gh2`, file)
  },
  'a hard link with the name of the file': async (file, text) => {
    await writeFile(`${file}.new`, text)
    await rm(file)
    await link(`${file}.new`, file)
    await rm(`${file}.new`)
  },
}

t.test('each way of saving is one change', { jobs: 4 }, async (t) => {
  for (const poll of [false, true]) {
    for (const [way, save] of Object.entries(SAVES)) {
      void t.test(`${way}${poll ? ', for a watch that polls' : ''}`, { buffered: true }, async (t) => {
        const file = join(t.testdir({ 'config.yaml': linesOf('before') }), 'config.yaml')
        const { after, texts } = await observe(t, [file], { poll })
        await after(() => save(file, linesOf('one')))
        await after(() => save(file, linesOf('two', 80)))
        t.strictSame(texts(), [[linesOf('one')], [linesOf('two', 80)]])
      })
    }
  }
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

t.test('files that one swap of a ConfigMap replaces are passed on together', async (t) => {
  const files = (text: string) => ({ 'config.yaml': text, 'users.yaml': text })
  const folder = t.testdir({
    '..0': files('0'),
    '..data': t.fixture('symlink', '..0'),
    'config.yaml': t.fixture('symlink', '..data/config.yaml'),
    'users.yaml': t.fixture('symlink', '..data/users.yaml'),
  })
  const { after, texts } = await observe(
    t,
    ['config.yaml', 'users.yaml'].map((name) => join(folder, name)),
  )
  // Swaps in the time of quiet are one change.
  for (const version of ['1', '2', '5']) {
    await after(async () => {
      for (let next = texts().at(-1)?.[0] ?? '0'; next !== version; ) {
        next = String(Number(next) + 1)
        await mkdir(join(folder, `..${next}`))
        for (const [name, text] of Object.entries(files(next))) await writeFile(join(folder, `..${next}`, name), text)
        await symlink(`..${next}`, join(folder, '..data_tmp'))
        await rename(join(folder, '..data_tmp'), join(folder, '..data'))
      }
    })
  }
  t.strictSame(texts(), [
    ['1', '1'],
    ['2', '2'],
    ['5', '5'],
  ])
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
  const watch = await watchFiles(new Map(), keep)
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

const NO_PIPES = process.platform === 'win32' && 'Windows has no named pipes'

t.test('a pipe is read once and keeps its content', { skip: NO_PIPES }, async (t) => {
  const folder = t.testdir({ 'config.yaml': 'a' })
  const [pipe, config] = [join(folder, 'pipe'), join(folder, 'config.yaml')]
  execFileSync('mkfifo', [pipe])
  const [{ after, texts }] = await Promise.all([observe(t, [pipe, config]), writeFile(pipe, 'once')])
  await after(() => appendFile(config, 'b'))
  t.strictSame(texts(), [['once', 'ab']])
})

t.test('a pipe in place of a file is not read', { skip: NO_PIPES }, async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const { after, count, texts } = await observe(t, [file])
  await after(async () => {
    await rm(file)
    execFileSync('mkfifo', [file])
  })
  t.equal(count(), 1)
  t.throws(texts, { message: 'is a pipe, expected a file, because a pipe is read only once, at the start' })
})

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

t.test('a change since the first read is a change', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const contents = await readContents([file])
  await writeFile(file, 'b')
  const text = await new Promise<string>((resolve, reject) => {
    const use = async (contents: Contents) => {
      resolve(textOf(contents.get(file)!))
      return contents
    }
    watchFiles(contents, use).then((watch) => t.teardown(() => watch.close()), reject)
  })
  t.equal(text, 'b')
})

t.test('the files of the returned contents are watched instead', async (t) => {
  const folder = t.testdir({ one: { 'config.yaml': '1' }, two: { 'config.yaml': 'a' } })
  const [one, two] = [join(folder, 'one/config.yaml'), join(folder, 'two/config.yaml')]
  const used: Contents[] = []
  let wake = () => {}
  const use = async (contents: Contents) => {
    used.push(contents)
    // The next change follows this read, or it would not be a change.
    const next = await readContents([two])
    wake()
    return next
  }
  const watch = await watchFiles(await readContents([one]), use)
  t.teardown(() => watch.close())
  for (const [file, text] of [
    [one, '2'],
    [two, 'b'],
    [two, 'c'],
  ] as const) {
    const noticed = new Promise<void>((resolve) => {
      wake = resolve
    })
    if (file === two) await writeFile(one, `no change ${text}`)
    await writeFile(file, text)
    await noticed
  }
  t.strictSame(
    used.map((contents) => [...contents].map(([file, content]) => [file, textOf(content)])),
    [[[one, '2']], [[two, 'b']], [[two, 'c']]],
  )
})

t.test('readNow passes contents on at once, and they are not reported again', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const { watch, after, texts } = await observe(t, [file])
  await watch.readNow()
  await writeFile(file, 'b')
  await watch.readNow()
  await after(() => writeFile(file, 'c'))
  t.strictSame(texts(), [['a'], ['b'], ['c']])
})

t.test(
  'readNow refuses a file of which each read is different, after a second',
  {
    skip: process.platform !== 'linux' && 'only Linux has /proc',
  },
  async (t) => {
    const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
    const { watch, after, texts } = await observe(t, [file])
    await symlink('/proc/sys/kernel/random/uuid', `${file}.new`)
    await rename(`${file}.new`, file)
    await t.rejects(watch.readNow(), {
      name: 'ConfigError',
      problems: [{ file, message: /^changes while it is read, expected a file that nothing writes/ }],
    })
    await after(() => renameOver(file, 'b'))
    t.strictSame(texts(), [['b']])
  },
)

t.test('a file that readNow refused is passed on as soon as it is quiet, even with the same bytes', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const { watch, after, texts } = await observe(t, [file])
  await after(async () => {
    const touching = setInterval(() => utimesSync(file, 1, 1), 1)
    await t.rejects(watch.readNow(), { name: 'ConfigError', problems: [{ file }] })
    clearInterval(touching)
  })
  t.strictSame(texts(), [['a']])
})

t.test('readNow waits for the end of a save', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a: 1\n' }), 'config.yaml')
  const { watch, texts } = await observe(t, [file])
  const handle = await open(file, 'w')
  await handle.write('a: 2\n')
  const reading = watch.readNow()
  await setTimeout(100)
  await handle.write('b: 2\n')
  await handle.close()
  await reading
  t.strictSame(texts(), [['a: 2\nb: 2\n']])
})

t.test('readNow waits for a file that is missing during a save, and accepts one that stays missing', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const { watch, count, texts } = await observe(t, [file])
  await rm(file)
  const reading = watch.readNow()
  await setTimeout(100)
  await writeFile(file, 'b')
  await reading
  t.strictSame(texts(), [['b']])
  await rm(file)
  await watch.readNow()
  t.equal(count(), 2)
  t.throws(texts, { message: 'does not exist' })
})

t.test('a file is read again only if its version has changed', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const known = await readUnwritten([file])
  t.equal((await readContents([file], known)).get(file), known.get(file))
  const { atime, mtime } = await stat(file)
  await writeFile(file, 'b')
  await utimes(file, atime, mtime)
  t.equal(textOf((await readContents([file], known)).get(file)!), 'b', 'with the same size and time')
})

t.test('a changed file that is written all the time is passed on when it is quiet, and reported once', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a\n' }), 'config.yaml')
  const reports: (readonly string[])[] = []
  let wake = () => {}
  const reported = new Promise<void>((resolve) => {
    wake = resolve
  })
  const onWait = (files: readonly string[]) => {
    reports.push(files)
    wake()
  }
  const [{ after, texts }, silent] = [await observe(t, [file], { onWait }), await observe(t, [file])]
  await writeFile(file, 'b\n')
  const touching = setInterval(() => utimesSync(file, 1, 1), 20)
  await reported
  t.equal(silent.count(), 0)
  await Promise.all([after(async () => clearInterval(touching)), silent.after(async () => {})])
  t.strictSame(texts(), [['b\n']])
  t.strictSame(reports, [[file]])
})

t.test('a closed watch lets the process end', async (t) => {
  const file = join(t.testdir({ 'config.yaml': 'a' }), 'config.yaml')
  const program = `
    import { readContents } from ${JSON.stringify(join(ROOT, 'dist/config/contents.js'))}
    import { watchFiles } from ${JSON.stringify(join(ROOT, 'dist/config/watch.js'))}
    const watch = await watchFiles(await readContents([${JSON.stringify(file)}]), async (contents) => contents)
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
    const use = async () => {
      throw new Error('from the listener')
    }
    readContents([file])
      .then((contents) => watchFiles(contents, use, resolve))
      .then((watch) => {
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
  const contents = await readContents(files)
  const running = await watchFiles(contents, keep, (error) => errors.push(error))
  await running.close()
  t.match(errors, [{ code: 'ENOSPC' }])
  t.equal(errors.length, 1)

  const quiet = await watchFiles(contents, keep)
  await quiet.close()
})
