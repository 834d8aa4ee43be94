/** Reads the HTML of the provider's pages. */

/** Replaces the character references that the pages use. */
export function decodeEntities(html: string): string {
  const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'" }
  return html.replaceAll(/&([a-z]+|#39);/g, (all, name: string) => entities[name] ?? all)
}

/** Returns the text of a page, without its markup. */
export function textOf(page: string): string {
  return decodeEntities(page.replace(/^.*<\/head>/s, '').replaceAll(/<[^>]+>/g, ' ')).replaceAll(/\s+/g, ' ')
}
