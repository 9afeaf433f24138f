/** Rounds as a server of known speed would serve them, in virtual time, with noise where it is wanted. */
import type { Stream } from "../../../engine/index.ts"
import type { MeasuredStream, Round } from "../../../sim/calibration/measured-stream.ts"
import type { Speed } from "./fake-server.ts"

export interface RoundShape {
  readonly concurrency: number
  readonly promptTokens: number
  readonly outputTokens: number
  /** Half of the greatest relative deviation of a round's speed; 0: none. */
  readonly noise?: number
}

export const virtualRound = (
  speed: Speed,
  { concurrency, promptTokens, outputTokens, noise = 0 }: RoundShape,
  stream: Stream,
): Round => {
  // A round's luck is shared by all its streams; prefill and decoding have each their own.
  const luck = () => 1 + 2 * noise * (stream.next() - 0.5)
  const prefillLuck = luck()
  const decodeLuck = luck()
  const pieces: Array<Array<number>> = Array.from({ length: concurrency }, () => [])
  const decoding: Array<number> = []
  let next = 0
  let nowMillis = speed.overheadMillis * prefillLuck
  while (next < concurrency || decoding.length > 0) {
    if (next < concurrency && decoding.length < speed.slots) {
      nowMillis += promptTokens * speed.prefillMillisPerToken * prefillLuck
      pieces[next].push(nowMillis)
      decoding.push(next++)
      continue
    }
    const context = decoding.reduce((sum, one) => sum + promptTokens + pieces[one].length, 0)
    nowMillis +=
      decodeLuck *
      (speed.stepMillis +
        speed.streamMillis * decoding.length +
        speed.contextMillisPerToken * context)
    for (const one of decoding.slice()) {
      pieces[one].push(nowMillis)
      if (pieces[one].length >= outputTokens) decoding.splice(decoding.indexOf(one), 1)
    }
  }
  return {
    streams: pieces.map((pieceMillis): MeasuredStream => ({
      startedMillis: 0,
      pieceMillis,
      promptTokens,
      outputTokens,
    })),
  }
}

/** A whole ladder of them. */
export const virtualLadder = (
  speed: Speed,
  noise: number,
  stream: Stream,
  concurrencies: ReadonlyArray<number> = [1, 2, 4, 8],
): ReadonlyArray<Round> =>
  concurrencies.flatMap((concurrency) =>
    [0, 1, 2].flatMap(() =>
      [64, 256, 512].map((promptTokens) =>
        virtualRound(speed, { concurrency, promptTokens, outputTokens: 64, noise }, stream),
      ),
    ),
  )
