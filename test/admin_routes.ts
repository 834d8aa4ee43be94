/** The routes of the route table that need access: each with its methods, for tests of access by a loop. */
import type { Method } from '../src/routes.js'
import { ROUTES } from '../src/routes.js'

export interface AdminRoute {
  readonly method: Method
  /** Path with values for its parameters. */
  readonly path: string
  readonly access: 'admin' | 'admin_token'
}

/** Every method of every route for administration. */
export const ADMIN_ROUTES: readonly AdminRoute[] = ROUTES.flatMap(({ path, methods, access }) =>
  access === 'public' ? [] : methods.map((method) => ({ method, path: path.replaceAll(/:\w+/g, 'x'), access })),
)
