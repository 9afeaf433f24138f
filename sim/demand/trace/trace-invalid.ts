/** A trace that cannot be read: where, what was found there, and what is allowed. */
import { Data } from "effect"

export interface Fault {
  /** Line and column from 1; `null` where the whole file is meant. */
  readonly line: number | null
  readonly column: number | null
  readonly found: string
  readonly allowed: string
}

export class TraceInvalid extends Data.TaggedError("TraceInvalid")<
  Fault & { readonly path: string }
> {
  override get message(): string {
    const place =
      this.line === null ? this.path : `${this.path}, line ${this.line}, column ${this.column}`
    return `${place}: found ${this.found}; allowed is ${this.allowed}`
  }
}

/** A text as a message shows it: its beginning, with what cannot be seen spelled out. */
export const quoted = (text: string): string =>
  JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
