/** Parts of the documentation pages: fenced blocks, links, headings. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../root.js'

/** Every page, by its path from the root. */
export const PAGES: readonly string[] = [
  'README.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync(join(ROOT, 'docs')).map((file) => `docs/${file}`),
]

export interface Block {
  readonly page: string
  readonly line: number
  readonly language: string
  readonly text: string
}

export function readPage(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8')
}

/** The fenced blocks of all pages, in their order. */
export function listBlocks(): Block[] {
  return PAGES.flatMap((page) => {
    const source = readPage(page)
    return [...source.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language = '', 2: text = '' }) => {
      const line = source.slice(0, index).split('\n').length
      return { page, line, language, text }
    })
  })
}

/** The targets of all links of a page. */
export function listLinks(page: string): string[] {
  const prose = readPage(page).replaceAll(/^```[\s\S]*?^```$/gm, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
}

/** The fragments that lead to the headings of a page. */
export function listAnchors(page: string): string[] {
  const headings = [...readPage(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading)
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
