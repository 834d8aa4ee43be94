/** The memory that the records and journals of all issuers take: one bound for the process. */
import { contentTooLarge, insufficientStorage } from '../errors.js'
import { type Budget, type Holder, LARGEST_SHARE } from './budget.js'
import { createTurns } from './turns.js'

/** The budget of one issuer. */
export interface Account extends Budget {
  /** Bytes that are charged now. */
  used(): number
  /** Removes the oldest records until they have freed these bytes. Returns false if there is none. */
  removeOldest(bytes: number): boolean
  /** Removes every record. A request in progress can still write, which is no longer counted. */
  close(): void
}

/**
 * @param limit in bytes.
 * @param makeRoom removes records or an issuer on behalf of the account. Returns false if there is nothing to remove.
 * @returns a function that opens the account of an issuer.
 */
export function createPool(limit: number, makeRoom: (account: Account, bytes: number) => boolean): () => Account {
  const share = Math.min(LARGEST_SHARE, Math.floor(limit / 4))
  const turn = createTurns()
  let total = 0
  return () => {
    const holders: Holder[] = []
    let own = 0
    let open = true
    const add = (bytes: number) => {
      if (!open) return
      total += bytes
      own += bytes
    }
    const account: Account = {
      share,
      turn,
      charge(bytes) {
        if (bytes > share) throw contentTooLarge(tooLarge(bytes, share))
        while (open && total + bytes > limit) {
          if (!makeRoom(account, total + bytes - limit)) throw insufficientStorage(noRoom(total, bytes, limit))
        }
        add(bytes)
      },
      release: (bytes) => add(-bytes),
      register: (holder) => void holders.push(holder),
      used: () => own,
      removeOldest(bytes) {
        const target = own - bytes
        let removed = false
        while (own > target && holders.some((holder) => holder.removeOldest())) removed = true
        return removed
      },
      close() {
        add(-own)
        open = false
        for (const holder of holders) holder.clear()
      },
    }
    return account
  }
}

const tooLarge = (bytes: number, share: number) =>
  `the record takes ${bytes} bytes of memory, expected ${share} at most, which is a quarter of the memory for records, or 32 MiB; raise server.memory_limit`

const noRoom = (total: number, bytes: number, limit: number) =>
  `the records of all issuers take ${total} bytes of memory, and ${bytes} more exceed ${limit}, the part of server.memory_limit for records; delete records, reset an issuer, or raise the limit`
