/** What one streamed answer showed: when its pieces came, and what the server says that it counted. */

export interface MeasuredStream {
  /** Milliseconds on the measuring machine's clock. */
  readonly startedMillis: number
  /** Arrival of each piece of the answer, in order; at least one. */
  readonly pieceMillis: ReadonlyArray<number>
  readonly promptTokens: number
  /** Of all pieces; a piece may hold several. */
  readonly outputTokens: number
}

/** Streams that were started at once. */
export interface Round {
  readonly streams: ReadonlyArray<MeasuredStream>
}

export const firstMillis = ({ pieceMillis }: MeasuredStream): number => pieceMillis[0]

export const lastMillis = ({ pieceMillis }: MeasuredStream): number =>
  pieceMillis[pieceMillis.length - 1]
