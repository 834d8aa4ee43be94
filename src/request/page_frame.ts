/** The frame around every page: its links, and the problems of files that are not in force. */
import type { FastifyRequest } from 'fastify'
import type { Problem } from '../config/errors.js'
import type { Snapshot } from '../config/snapshot.js'
import type { PageFrame } from '../pages/render.js'
import { PATHS } from '../routes.js'

/** The parts of the process that the frame describes. */
export interface Described {
  health(): { readonly config: { readonly problems: readonly Problem[] } }
  /** Whether the browser may read what the admin API shows. */
  mayAdminister(request: FastifyRequest, snapshot: Snapshot): boolean
}

/** Number of problems that a page lists. */
const MOST_PROBLEMS = 3

/** @param base_path path of the issuer in the browser. */
export function describeFrame(
  { health, mayAdminister }: Described,
  request: FastifyRequest,
  snapshot: Snapshot,
  base_path: string,
): PageFrame {
  const { problems } = health().config
  const may = mayAdminister(request, snapshot)
  const keeps = snapshot.config.journal.max_entries > 0
  return {
    home: base_path + PATHS.home,
    may_administer: may,
    ...(may && keeps && { journal: base_path + PATHS.journal }),
    ...(problems.length > 0 && {
      stale: { count: problems.length, problems: may ? problems.slice(0, MOST_PROBLEMS).map(describeProblem) : [] },
    }),
  }
}

function describeProblem({ file, line, column, path, message }: Problem) {
  return {
    place: [file, line, column].filter((part) => part !== undefined).join(':'),
    text: [path, message].filter((part) => part !== '').join(' '),
  }
}
