/** Notes for auditors: only ever added to, in the commit of what they tell of. */

export interface Audit {
  /** µs since the market was opened. */
  readonly at: number
  readonly finding: string
  readonly subject: number | null
  readonly quantity: number | null
  /** Id of the admin key; null: the market itself. */
  readonly actor: string | null
}

export interface StoredAudit extends Audit {
  /** Rises with each note. */
  readonly id: number
}

/** The actor of what is done beside the gateway, by whoever owns the data directory. */
export const directoryOwner = "data directory"
