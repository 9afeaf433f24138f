/**
 * Arrival times: renewal gaps of mean 1 in operational time, stretched by the rate of the hour
 * (Çinlar, "Introduction to Stochastic Processes", 1975: inversion of the cumulative rate). The rate
 * is constant over slots of five minutes, so the inversion is exact.
 *
 *   poisson  exponential gaps
 *   gamma    gaps with the coefficient of variation `burstiness`
 *   mmpp     exponential gaps, the rate alternating between calm and bursts that are `burstiness`
 *            times as busy; a fifth of the time is burst, a minute at a time on average
 */
import type { Stream } from "../../engine/index.ts"
import { exponential, gamma } from "../kernel/variates.ts"

export interface ArrivalSettings {
  readonly kind: "poisson" | "gamma" | "mmpp"
  readonly burstiness: number
  /** Requests per second at so many seconds since the start. */
  readonly rateAt: (seconds: number) => number
}

const slotSeconds = 300
const burstShare = 0.2
const meanBurstSeconds = 60
const meanCalmSeconds = (meanBurstSeconds * (1 - burstShare)) / burstShare

export class Arrivals {
  private readonly settings: ArrivalSettings
  private readonly stream: Stream
  private readonly endSeconds: number
  /** Seconds since the start. */
  private now = 0
  private slotEnd = 0
  private slotRate = 0
  private isBurst = false
  private stateEnd = Infinity
  private readonly calmFactor: number

  constructor(settings: ArrivalSettings, stream: Stream, endSeconds: number) {
    this.settings = settings
    this.stream = stream
    this.endSeconds = endSeconds
    this.calmFactor = 1 / (1 - burstShare + burstShare * settings.burstiness)
    if (settings.kind === "mmpp") this.stateEnd = exponential(stream, 1 / meanCalmSeconds)
  }

  /** Seconds since the start at which the next request arrives; +∞ past the end. */
  next(): number {
    let left = this.gap()
    while (this.now < this.endSeconds) {
      if (this.now >= this.slotEnd) this.beginSlot()
      if (this.now >= this.stateEnd) this.changeState()
      const rate = this.slotRate * this.stateFactor()
      const until = Math.min(this.slotEnd, this.stateEnd)
      const needed = left / rate
      if (this.now + needed < until) {
        this.now += needed
        return this.now
      }
      left -= (until - this.now) * rate
      this.now = until
    }
    return Infinity
  }

  /** A gap of mean 1 in operational time. */
  private gap(): number {
    if (this.settings.kind !== "gamma") return exponential(this.stream, 1)
    const shape = 1 / (this.settings.burstiness * this.settings.burstiness)
    return gamma(this.stream, shape, 1 / shape)
  }

  private beginSlot(): void {
    const slot = Math.floor(this.now / slotSeconds + 1e-9)
    this.slotEnd = (slot + 1) * slotSeconds
    this.slotRate = this.settings.rateAt((slot + 0.5) * slotSeconds)
  }

  private stateFactor(): number {
    if (this.settings.kind !== "mmpp") return 1
    return this.isBurst ? this.calmFactor * this.settings.burstiness : this.calmFactor
  }

  private changeState(): void {
    this.isBurst = !this.isBurst
    const mean = this.isBurst ? meanBurstSeconds : meanCalmSeconds
    this.stateEnd += exponential(this.stream, 1 / mean)
  }
}
