/** A copy of a record that only this process writes. */
export interface Copy<T> {
  /** Returns the copy, after reading it if there is none. */
  get(read: () => Promise<T>): Promise<T>
  /** Replaces the copy by the result of a write. A failure is not kept. */
  set(written: Promise<T>): Promise<T>
  /** Removes the copy, so that the next `get` reads. */
  forget(): void
}

export function createCopy<T>(): Copy<T> {
  let copy: Promise<T> | undefined
  const forget = () => {
    copy = undefined
  }
  const set = (value: Promise<T>) => {
    copy = value
    value.catch(forget)
    return value
  }
  return { get: (read) => copy ?? set(read()), set, forget }
}
