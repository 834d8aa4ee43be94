/** What the provider decided that nobody could see from its answers. */
import type { FastifyPluginAsync } from 'fastify'
import { PATHS } from '../endpoints/paths.js'
import { JOURNAL_EVENTS } from '../mock/journal.js'
import { invalidRequest, shown } from '../oauth/errors.js'
import { readParams } from '../oauth/params.js'

export const journal: FastifyPluginAsync = async (app) => {
  const config = { answer: 'json' } as const

  /** In: `event`, to see entries about nothing else. Out: the entries, newest last. */
  app.get(PATHS.journal, { config }, async ({ ctx, query }) => {
    const event = readParams(query).find('event')
    // Nobody should take the empty list of a misspelt event for good news.
    if (event !== undefined && !JOURNAL_EVENTS.some((known) => known === event)) {
      throw invalidRequest(`event is ${shown(event)}, expected one of ${JOURNAL_EVENTS.join(', ')}`)
    }
    const entries = ctx.journal.list()
    return {
      entries:
        event === undefined
          ? entries
          : entries.filter(({ remarks }) => remarks.some((remark) => remark.event === event)),
    }
  })
}
