/**
 * The instance server: a whole fleet's batching servers, as plain synchronous code.
 *
 * An instance takes prompts first come, first served and one at a time (prefill), and decodes all
 * its streams together; every stream gets the same rate 1/t(b, context), with t from
 * service-model.ts. This is processor sharing with a state-dependent rate (Cohen, "The multiple
 * phase service network with generalized processor sharing", Acta Informatica 12, 1979).
 *
 * Theory of operation
 * - A token clock V for each instance counts the tokens that every decoding stream has got. A
 *   stream with n output tokens gets its first when its prefill ends; if V then stands at V₀, it
 *   completes at V₀ + n − 1. A heap of these targets makes a completion O(log b), whatever b.
 * - Between events b is constant and the context grows by b tokens while V grows by 1. So t is
 *   linear in V, elapsed work is quadratic in V, and both directions are solved exactly: no step
 *   size, and asking twice gives the same answer as asking once.
 * - While a prompt is read and streams decode, prefill takes the share σ of the instance and
 *   decoding 1 − σ. Either has the whole instance when it is alone.
 * - A prompt is started only when memory has room for its input and output besides those already
 *   started; those behind it wait (as a server with a token budget does).
 * - Time is whole microseconds. An event falls on the first microsecond at or after its exact
 *   time; V is not rounded with it, so decoding streams lose nothing and no drift builds up. A
 *   prefill's last microsecond is the only time that is rounded away.
 * - Targets lie on a grid of 2^−24 tokens, so that the sums of contexts are exact in doubles and
 *   do not depend on the order of additions. V returns to 0 when nothing decodes, and is brought
 *   back near 0 when it passes 2^16, so that it keeps its precision in a run of any length.
 *
 * All instances live in a few typed arrays, one record of one or two cache lines each; nothing is
 * allocated per request. A request is named by the slot that `admit` returns.
 */
import type { ServiceRates } from "./service-model.ts"

/** `admit`'s answers when the instance has no free slot, and when no memory of it is large enough. */
export const FULL = -1
export const TOO_LONG = -2

export const FIRST_TOKEN = 0
export const COMPLETED = 1

const NONE = -1

// An instance's clocks: fields of a record of CLOCK_STRIDE doubles.
const ANCHOR = 0 // Microsecond at which V and PREFILL_LEFT are valid.
const TOKEN_CLOCK = 1 // V.
const CONTEXT_BASE = 2 // Tokens of context of all decoding streams, less b · V.
const PREFILL_LEFT = 3 // Microseconds of the whole instance that the current prompt still needs.
const SPEED = 4
const DECODE_AT = 5 // Microsecond of the next completion, or +∞.
const PREFILL_AT = 6 // Microsecond at which the current prompt's prefill ends, or +∞.
const RESERVED = 7 // Tokens of context promised to prompts that were started.
const CLOCK_STRIDE = 8

// An instance's counts: fields of a record of COUNT_STRIDE integers.
const SLOT_BASE = 0
const SLOT_COUNT = 1
const DECODING = 2 // b.
const QUEUE_HEAD = 3
const QUEUE_TAIL = 4
const PREFILLING = 5 // The slot whose prompt is being read, or NONE.
const FREE_HEAD = 6
const IN_FLIGHT = 7
const COUNT_STRIDE = 8

// A slot's fields: a record of SLOT_STRIDE integers.
const HANDLE = 0
const INPUT = 1
const OUTPUT = 2
const ORDER = 3 // When it began to decode, for ties.
const POSITION = 4 // Place in its instance's heap, or one of the three below.
const NEXT = 5 // In the queue, or among the free slots.
const PREVIOUS = 6
const INSTANCE = 7
const SLOT_STRIDE = 8

const WAITING = -1
const READING = -2
const FREE = -3

/** Steps of the target grid in a token. */
const GRID = 2 ** 24
/** A token counts as delivered when V is this close to it: far above what rounding can do. */
const TOKEN_TOLERANCE = 1e-3
/** V is brought back near 0 from here. */
const CLOCK_LIMIT = 2 ** 16

export class InstanceServers {
  private clocks = new Float64Array(0)
  private counts = new Int32Array(0)
  private rates: Array<ServiceRates | undefined> = []

  private slots = new Int32Array(0)
  /** By slot base + place in the heap: targets, and whose they are. */
  private heapTargets = new Float64Array(0)
  private heapSlots = new Int32Array(0)
  private slotsUsed = 0
  /** Blocks of slots left by closed instances, by their length. */
  private readonly freeBlocks = new Map<number, Array<number>>()
  private nextOrder = 0

  /** What the last `advance` saw happen, in order: entries 0 … its result − 1. */
  eventKinds = new Uint8Array(0)
  eventHandles = new Int32Array(0)
  eventMicros = new Float64Array(0)
  private eventCount = 0

  /**
   * Opens instance `instance` (an index of the caller's; records exist up to the largest), idle,
   * at full speed, with `slots` places for requests. Cost: O(slots), amortised.
   */
  open(instance: number, rates: ServiceRates, slots: number): void {
    if (this.isOpen(instance)) throw new Error(`instance ${instance} is open`)
    if (slots < 1 || slots >= rates.stepMicros.length) {
      throw new RangeError(`${slots} slots: rates are known for 1 … ${rates.stepMicros.length - 1}`)
    }
    for (let b = 1; b <= slots; b++) {
      if (!(rates.stepMicros[b] > 0 || rates.arithmeticMicrosPerStream > 0)) {
        throw new RangeError(`a step with ${b} streams takes no time`)
      }
    }
    this.growInstances(instance + 1)
    const base = this.takeBlock(slots)
    const clock = instance * CLOCK_STRIDE
    this.clocks.fill(0, clock, clock + CLOCK_STRIDE)
    this.clocks[clock + SPEED] = 1
    this.clocks[clock + DECODE_AT] = Infinity
    this.clocks[clock + PREFILL_AT] = Infinity
    const count = instance * COUNT_STRIDE
    this.counts[count + SLOT_BASE] = base
    this.counts[count + SLOT_COUNT] = slots
    this.counts[count + DECODING] = 0
    this.counts[count + QUEUE_HEAD] = NONE
    this.counts[count + QUEUE_TAIL] = NONE
    this.counts[count + PREFILLING] = NONE
    this.counts[count + FREE_HEAD] = base
    this.counts[count + IN_FLIGHT] = 0
    for (let slot = base; slot < base + slots; slot++) {
      this.slots[slot * SLOT_STRIDE + POSITION] = FREE
      this.slots[slot * SLOT_STRIDE + INSTANCE] = instance
      this.slots[slot * SLOT_STRIDE + NEXT] = slot + 1 < base + slots ? slot + 1 : NONE
    }
    this.rates[instance] = rates
    this.growEvents(2 * slots)
  }

  /** Closes an instance that serves nothing; its slots go to the next of the same size. */
  close(instance: number): void {
    const count = instance * COUNT_STRIDE
    this.ratesOf(instance)
    if (this.counts[count + IN_FLIGHT] > 0) throw new Error(`instance ${instance} is not idle`)
    const length = this.counts[count + SLOT_COUNT]
    const blocks = this.freeBlocks.get(length)
    if (blocks === undefined) this.freeBlocks.set(length, [this.counts[count + SLOT_BASE]])
    else blocks.push(this.counts[count + SLOT_BASE])
    this.rates[instance] = undefined
  }

  isOpen(instance: number): boolean {
    return this.rates[instance] !== undefined
  }

  /** Requests in the instance: waiting, in prefill, or decoding. */
  inFlight(instance: number): number {
    return this.counts[instance * COUNT_STRIDE + IN_FLIGHT]
  }

  /** Streams that are decoding: b. */
  streams(instance: number): number {
    return this.counts[instance * COUNT_STRIDE + DECODING]
  }

  /** When the instance's next event falls, or +∞. */
  nextEventMicros(instance: number): number {
    const clock = instance * CLOCK_STRIDE
    const decodeAt = this.clocks[clock + DECODE_AT]
    const prefillAt = this.clocks[clock + PREFILL_AT]
    return decodeAt < prefillAt ? decodeAt : prefillAt
  }

  /**
   * Takes in a request: returns its slot, `FULL` or `TOO_LONG`. `handle` is the caller's name for it and
   * comes back in events. `now` may not be past the instance's next event, here and below.
   */
  admit(
    instance: number,
    now: number,
    handle: number,
    inputTokens: number,
    outputTokens: number,
  ): number {
    const rates = this.ratesOf(instance)
    const counts = this.counts
    const count = instance * COUNT_STRIDE
    if (outputTokens < 1) throw new RangeError("a request asks for at least one output token")
    if (inputTokens + outputTokens > rates.contextCapacityTokens) return TOO_LONG
    const slot = counts[count + FREE_HEAD]
    if (slot === NONE) return FULL
    this.requireNotPast(instance, now)

    const slots = this.slots
    const at = slot * SLOT_STRIDE
    counts[count + FREE_HEAD] = slots[at + NEXT]
    counts[count + IN_FLIGHT]++
    slots[at + HANDLE] = handle
    slots[at + INPUT] = inputTokens
    slots[at + OUTPUT] = outputTokens
    slots[at + POSITION] = WAITING
    slots[at + NEXT] = NONE
    const tail = counts[count + QUEUE_TAIL]
    slots[at + PREVIOUS] = tail
    counts[count + QUEUE_TAIL] = slot
    if (tail !== NONE) {
      slots[tail * SLOT_STRIDE + NEXT] = slot
      return slot
    }
    counts[count + QUEUE_HEAD] = slot
    if (counts[count + PREFILLING] === NONE) {
      this.settle(instance, now, rates)
      this.startPrefill(instance, rates)
      this.plan(instance, rates)
    }
    return slot
  }

  /**
   * Lets everything up to and including `now` happen; returns how many events it put into
   * `eventKinds`, `eventHandles` and `eventMicros`. Cost: O(log b) an event.
   */
  advance(instance: number, now: number): number {
    const rates = this.ratesOf(instance)
    const clock = instance * CLOCK_STRIDE
    this.eventCount = 0
    for (;;) {
      const decodeAt = this.clocks[clock + DECODE_AT]
      const prefillAt = this.clocks[clock + PREFILL_AT]
      const at = decodeAt < prefillAt ? decodeAt : prefillAt
      if (at > now) return this.eventCount
      this.settle(instance, at, rates)
      if (decodeAt === at) this.completeDue(instance, at)
      if (prefillAt === at) this.endPrefill(instance, at)
      if (this.counts[instance * COUNT_STRIDE + PREFILLING] === NONE) {
        this.startPrefill(instance, rates)
      }
      this.plan(instance, rates)
    }
  }

  /**
   * Whole output tokens delivered by `now` to the request in `slot`: 0 until its prefill ends.
   * Changes nothing.
   */
  tokensDelivered(slot: number, now: number): number {
    const instance = this.instanceOf(slot)
    this.requireNotPast(instance, now)
    if (this.slots[slot * SLOT_STRIDE + POSITION] < 0) return 0
    return this.tokensAt(slot, this.tokenClockAt(instance, now, this.ratesOf(instance)))
  }

  /** Takes a request out, in whichever phase; returns the tokens it got. O(log b). */
  abort(slot: number, now: number): number {
    const instance = this.instanceOf(slot)
    const rates = this.ratesOf(instance)
    this.requireNotPast(instance, now)
    const count = instance * COUNT_STRIDE
    const position = this.slots[slot * SLOT_STRIDE + POSITION]
    this.settle(instance, now, rates)
    let delivered = 0
    if (position === WAITING) {
      this.unlink(instance, slot)
    } else {
      if (position === READING) {
        this.counts[count + PREFILLING] = NONE
      } else {
        delivered = this.tokensAt(slot, this.clocks[instance * CLOCK_STRIDE + TOKEN_CLOCK])
        this.leaveHeap(instance, position)
      }
      this.releaseContext(instance, slot)
    }
    this.release(instance, slot)
    if (this.counts[count + PREFILLING] === NONE) this.startPrefill(instance, rates)
    this.plan(instance, rates)
    return delivered
  }

  /**
   * From `now` on the instance works at `factor` times its rates: below 1 for a slow node, 0 for
   * a stall, in which nothing happens but admissions and aborts.
   */
  setSpeedFactor(instance: number, factor: number, now: number): void {
    if (!(factor >= 0 && factor < Infinity)) {
      throw new RangeError(`speed factor ${factor}: allowed is a finite number from 0`)
    }
    const rates = this.ratesOf(instance)
    this.requireNotPast(instance, now)
    this.settle(instance, now, rates)
    this.clocks[instance * CLOCK_STRIDE + SPEED] = factor
    this.plan(instance, rates)
  }

  /**
   * Writes the slots of all requests in the instance into `out` (in slot order, which means
   * nothing) and returns how many there are. Cost: O(slots).
   */
  listSlots(instance: number, out: Int32Array): number {
    const base = this.counts[instance * COUNT_STRIDE + SLOT_BASE]
    const end = base + this.counts[instance * COUNT_STRIDE + SLOT_COUNT]
    let found = 0
    for (let slot = base; slot < end; slot++) {
      if (this.slots[slot * SLOT_STRIDE + POSITION] !== FREE) out[found++] = slot
    }
    return found
  }

  /** The caller's name for the request in `slot`. */
  handleOf(slot: number): number {
    return this.slots[slot * SLOT_STRIDE + HANDLE]
  }

  // The clocks.

  /** Brings V and PREFILL_LEFT to `now`. */
  private settle(instance: number, now: number, rates: ServiceRates): void {
    const clocks = this.clocks
    const clock = instance * CLOCK_STRIDE
    const elapsed = (now - clocks[clock + ANCHOR]) * clocks[clock + SPEED]
    clocks[clock + ANCHOR] = now
    if (elapsed === 0) return
    const count = instance * COUNT_STRIDE
    const b = this.counts[count + DECODING]
    const isPrefilling = this.counts[count + PREFILLING] !== NONE
    if (isPrefilling) {
      const share = b > 0 ? rates.prefillShare : 1
      const left = clocks[clock + PREFILL_LEFT] - elapsed * share
      clocks[clock + PREFILL_LEFT] = left > 0 ? left : 0
    }
    if (b > 0) {
      const work = isPrefilling ? elapsed * (1 - rates.prefillShare) : elapsed
      const tokenClock = clocks[clock + TOKEN_CLOCK]
      const context = clocks[clock + CONTEXT_BASE] + b * tokenClock
      clocks[clock + TOKEN_CLOCK] = tokenClock + tokensOfWork(rates, b, context, work)
      if (clocks[clock + TOKEN_CLOCK] >= CLOCK_LIMIT) this.rebase(instance)
    }
  }

  /** V at `now`, without settling. */
  private tokenClockAt(instance: number, now: number, rates: ServiceRates): number {
    const clock = instance * CLOCK_STRIDE
    const tokenClock = this.clocks[clock + TOKEN_CLOCK]
    const elapsed = (now - this.clocks[clock + ANCHOR]) * this.clocks[clock + SPEED]
    const b = this.counts[instance * COUNT_STRIDE + DECODING]
    const isPrefilling = this.counts[instance * COUNT_STRIDE + PREFILLING] !== NONE
    const work = isPrefilling ? elapsed * (1 - rates.prefillShare) : elapsed
    const context = this.clocks[clock + CONTEXT_BASE] + b * tokenClock
    return tokenClock + tokensOfWork(rates, b, context, work)
  }

  /** Works out when the next completion and the end of the current prefill fall. */
  private plan(instance: number, rates: ServiceRates): void {
    const clocks = this.clocks
    const clock = instance * CLOCK_STRIDE
    const count = instance * COUNT_STRIDE
    const b = this.counts[count + DECODING]
    const isPrefilling = this.counts[count + PREFILLING] !== NONE
    const now = clocks[clock + ANCHOR]
    const speed = clocks[clock + SPEED]
    clocks[clock + DECODE_AT] = Infinity
    clocks[clock + PREFILL_AT] = Infinity
    if (speed === 0) return
    if (isPrefilling) {
      const share = b > 0 ? rates.prefillShare : 1
      clocks[clock + PREFILL_AT] = now + wholeMicros(clocks[clock + PREFILL_LEFT] / (speed * share))
    }
    if (b > 0) {
      const tokenClock = clocks[clock + TOKEN_CLOCK]
      const tokens = this.heapTargets[this.counts[count + SLOT_BASE]] - tokenClock
      const context = clocks[clock + CONTEXT_BASE] + b * tokenClock
      const share = isPrefilling ? 1 - rates.prefillShare : 1
      const work = tokens > 0 ? workOfTokens(rates, b, context, tokens) : 0
      clocks[clock + DECODE_AT] = now + wholeMicros(work / (speed * share))
    }
  }

  /** Subtracts a whole number of tokens from V and from every target: exact on the grid. */
  private rebase(instance: number): void {
    const clock = instance * CLOCK_STRIDE
    const base = this.counts[instance * COUNT_STRIDE + SLOT_BASE]
    const b = this.counts[instance * COUNT_STRIDE + DECODING]
    const shift = Math.floor(this.clocks[clock + TOKEN_CLOCK])
    this.clocks[clock + TOKEN_CLOCK] -= shift
    this.clocks[clock + CONTEXT_BASE] += b * shift
    for (let place = base; place < base + b; place++) this.heapTargets[place] -= shift
  }

  private requireNotPast(instance: number, now: number): void {
    const clock = instance * CLOCK_STRIDE
    if (
      now < this.clocks[clock + ANCHOR] ||
      now > this.clocks[clock + DECODE_AT] ||
      now > this.clocks[clock + PREFILL_AT]
    ) {
      throw new Error(
        `instance ${instance}: time ${now} is not between its last change at ` +
          `${this.clocks[clock + ANCHOR]} and its next event at ${this.nextEventMicros(instance)}`,
      )
    }
  }

  // The phases of a request.

  /** Begins to read the prompt at the head of the queue, if there is one and memory has room. */
  private startPrefill(instance: number, rates: ServiceRates): void {
    const count = instance * COUNT_STRIDE
    const slot = this.counts[count + QUEUE_HEAD]
    if (slot === NONE) return
    const clock = instance * CLOCK_STRIDE
    const at = slot * SLOT_STRIDE
    const reserved =
      this.clocks[clock + RESERVED] + this.slots[at + INPUT] + this.slots[at + OUTPUT]
    if (reserved > rates.contextCapacityTokens) return
    this.unlink(instance, slot)
    this.clocks[clock + RESERVED] = reserved
    this.clocks[clock + PREFILL_LEFT] = this.slots[at + INPUT] * rates.prefillMicrosPerToken
    this.counts[count + PREFILLING] = slot
    this.slots[at + POSITION] = READING
  }

  private endPrefill(instance: number, now: number): void {
    const count = instance * COUNT_STRIDE
    const slot = this.counts[count + PREFILLING]
    this.counts[count + PREFILLING] = NONE
    this.emit(FIRST_TOKEN, slot, now)
    if (this.slots[slot * SLOT_STRIDE + OUTPUT] === 1) {
      this.finish(instance, slot, now)
      return
    }
    this.enterHeap(instance, slot)
  }

  /** Completes every stream whose target V has reached: at least the one that set DECODE_AT. */
  private completeDue(instance: number, now: number): void {
    const clock = instance * CLOCK_STRIDE
    const count = instance * COUNT_STRIDE
    const base = this.counts[count + SLOT_BASE]
    // Rounding may leave V a hair short of the target whose time has come.
    if (this.clocks[clock + TOKEN_CLOCK] < this.heapTargets[base]) {
      this.clocks[clock + TOKEN_CLOCK] = this.heapTargets[base]
    }
    while (
      this.counts[count + DECODING] > 0 &&
      this.heapTargets[base] <= this.clocks[clock + TOKEN_CLOCK]
    ) {
      const slot = this.heapSlots[base]
      this.leaveHeap(instance, 0)
      this.finish(instance, slot, now)
    }
  }

  private finish(instance: number, slot: number, now: number): void {
    this.emit(COMPLETED, slot, now)
    this.releaseContext(instance, slot)
    this.release(instance, slot)
  }

  private releaseContext(instance: number, slot: number): void {
    const at = slot * SLOT_STRIDE
    this.clocks[instance * CLOCK_STRIDE + RESERVED] -=
      this.slots[at + INPUT] + this.slots[at + OUTPUT]
  }

  private release(instance: number, slot: number): void {
    const count = instance * COUNT_STRIDE
    this.slots[slot * SLOT_STRIDE + POSITION] = FREE
    this.slots[slot * SLOT_STRIDE + NEXT] = this.counts[count + FREE_HEAD]
    this.counts[count + FREE_HEAD] = slot
    this.counts[count + IN_FLIGHT]--
  }

  private unlink(instance: number, slot: number): void {
    const count = instance * COUNT_STRIDE
    const next = this.slots[slot * SLOT_STRIDE + NEXT]
    const previous = this.slots[slot * SLOT_STRIDE + PREVIOUS]
    if (previous === NONE) this.counts[count + QUEUE_HEAD] = next
    else this.slots[previous * SLOT_STRIDE + NEXT] = next
    if (next === NONE) this.counts[count + QUEUE_TAIL] = previous
    else this.slots[next * SLOT_STRIDE + PREVIOUS] = previous
  }

  private emit(kind: number, slot: number, now: number): void {
    this.eventKinds[this.eventCount] = kind
    this.eventHandles[this.eventCount] = this.slots[slot * SLOT_STRIDE + HANDLE]
    this.eventMicros[this.eventCount] = now
    this.eventCount++
  }

  /** Whole tokens of a decoding stream when the token clock stands at `tokenClock`. */
  private tokensAt(slot: number, tokenClock: number): number {
    const at = slot * SLOT_STRIDE
    const instance = this.slots[at + INSTANCE]
    const base = this.counts[instance * COUNT_STRIDE + SLOT_BASE]
    const target = this.heapTargets[base + this.slots[at + POSITION]]
    const output = this.slots[at + OUTPUT]
    const delivered = output + Math.floor(tokenClock - target + TOKEN_TOLERANCE)
    return delivered < 1 ? 1 : delivered > output ? output : delivered
  }

  // The heap of targets: binary, ties in the order in which streams began to decode.

  private enterHeap(instance: number, slot: number): void {
    const clock = instance * CLOCK_STRIDE
    const count = instance * COUNT_STRIDE
    const at = slot * SLOT_STRIDE
    const start = Math.ceil(this.clocks[clock + TOKEN_CLOCK] * GRID) / GRID
    const target = start + this.slots[at + OUTPUT] - 1
    this.clocks[clock + CONTEXT_BASE] += this.slots[at + INPUT] + this.slots[at + OUTPUT] - target
    this.slots[at + ORDER] = this.nextOrder
    this.nextOrder = (this.nextOrder + 1) | 0
    const place = this.counts[count + DECODING]++
    this.siftUp(this.counts[count + SLOT_BASE], place, target, slot)
  }

  /** Takes the stream at `place` out, and its context with it. */
  private leaveHeap(instance: number, place: number): void {
    const clock = instance * CLOCK_STRIDE
    const count = instance * COUNT_STRIDE
    const base = this.counts[count + SLOT_BASE]
    const at = this.heapSlots[base + place] * SLOT_STRIDE
    const leaving = this.heapTargets[base + place]
    const last = --this.counts[count + DECODING]
    if (last === 0) {
      this.clocks[clock + TOKEN_CLOCK] = 0
      this.clocks[clock + CONTEXT_BASE] = 0
      return
    }
    this.clocks[clock + CONTEXT_BASE] -= this.slots[at + INPUT] + this.slots[at + OUTPUT] - leaving
    if (place === last) return
    const target = this.heapTargets[base + last]
    const slot = this.heapSlots[base + last]
    if (place > 0 && this.isBefore(target, slot, base + ((place - 1) >> 1))) {
      this.siftUp(base, place, target, slot)
    } else {
      this.siftDown(base, last, place, target, slot)
    }
  }

  private isBefore(target: number, slot: number, place: number): boolean {
    const other = this.heapTargets[place]
    if (target !== other) return target < other
    const otherOrder = this.slots[this.heapSlots[place] * SLOT_STRIDE + ORDER]
    return ((this.slots[slot * SLOT_STRIDE + ORDER] - otherOrder) | 0) < 0
  }

  private siftUp(base: number, from: number, target: number, slot: number): void {
    let place = from
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!this.isBefore(target, slot, base + parent)) break
      this.put(base, place, this.heapTargets[base + parent], this.heapSlots[base + parent])
      place = parent
    }
    this.put(base, place, target, slot)
  }

  private siftDown(base: number, size: number, from: number, target: number, slot: number): void {
    let place = from
    for (;;) {
      let child = 2 * place + 1
      if (child >= size) break
      const right = child + 1
      if (
        right < size &&
        this.isBefore(this.heapTargets[base + right], this.heapSlots[base + right], base + child)
      ) {
        child = right
      }
      if (this.isBefore(target, slot, base + child)) break
      this.put(base, place, this.heapTargets[base + child], this.heapSlots[base + child])
      place = child
    }
    this.put(base, place, target, slot)
  }

  private put(base: number, place: number, target: number, slot: number): void {
    this.heapTargets[base + place] = target
    this.heapSlots[base + place] = slot
    this.slots[slot * SLOT_STRIDE + POSITION] = place
  }

  // Storage.

  private ratesOf(instance: number): ServiceRates {
    const rates = this.rates[instance]
    if (rates === undefined) throw new Error(`instance ${instance} is not open`)
    return rates
  }

  private instanceOf(slot: number): number {
    const at = slot * SLOT_STRIDE
    if (!(slot >= 0 && slot < this.slotsUsed) || this.slots[at + POSITION] === FREE) {
      throw new Error(`slot ${slot} holds no request`)
    }
    return this.slots[at + INSTANCE]
  }

  private takeBlock(length: number): number {
    const left = this.freeBlocks.get(length)?.pop()
    if (left !== undefined) return left
    const base = this.slotsUsed
    this.slotsUsed += length
    if (this.slotsUsed > this.heapSlots.length) {
      const capacity = Math.max(this.slotsUsed, 2 * this.heapSlots.length, 64)
      this.slots = grownInts(this.slots, capacity * SLOT_STRIDE)
      this.heapTargets = grownDoubles(this.heapTargets, capacity)
      this.heapSlots = grownInts(this.heapSlots, capacity)
    }
    return base
  }

  private growInstances(needed: number): void {
    if (needed * CLOCK_STRIDE <= this.clocks.length) return
    const capacity = Math.max(needed, (2 * this.clocks.length) / CLOCK_STRIDE, 16)
    this.clocks = grownDoubles(this.clocks, capacity * CLOCK_STRIDE)
    this.counts = grownInts(this.counts, capacity * COUNT_STRIDE)
  }

  private growEvents(needed: number): void {
    if (needed <= this.eventKinds.length) return
    this.eventKinds = new Uint8Array(needed)
    this.eventHandles = new Int32Array(needed)
    this.eventMicros = new Float64Array(needed)
  }
}

/**
 * Rounds up, but counts what is due less than a nanosecond late as on time: else the grid and the
 * rounding of doubles would push exact times to the next microsecond.
 */
const wholeMicros = (micros: number): number => Math.ceil(micros - 1e-3)

const grownInts = (from: Int32Array, length: number): Int32Array<ArrayBuffer> => {
  const to = new Int32Array(length)
  to.set(from)
  return to
}

const grownDoubles = (from: Float64Array, length: number): Float64Array<ArrayBuffer> => {
  const to = new Float64Array(length)
  to.set(from)
  return to
}

/**
 * Microseconds of the whole instance in which V grows by `tokens`, with b streams that hold
 * `context` tokens at the start. With r(x) = reading + slope · x after x tokens and
 * a = b · arithmetic: the integral of max(r(x), a).
 */
const workOfTokens = (rates: ServiceRates, b: number, context: number, tokens: number): number => {
  const reading = rates.stepMicros[b] + rates.contextMicrosPerToken * context
  const slope = rates.contextMicrosPerToken * b
  const arithmetic = rates.arithmeticMicrosPerStream * b
  if (reading >= arithmetic) return tokens * (reading + 0.5 * slope * tokens)
  const crossing = (arithmetic - reading) / slope
  if (tokens <= crossing) return tokens * arithmetic
  const rest = tokens - crossing
  return crossing * arithmetic + rest * (arithmetic + 0.5 * slope * rest)
}

/** The inverse of `workOfTokens`: how far V grows in `work` microseconds of the instance. */
const tokensOfWork = (rates: ServiceRates, b: number, context: number, work: number): number => {
  const reading = rates.stepMicros[b] + rates.contextMicrosPerToken * context
  const slope = rates.contextMicrosPerToken * b
  const arithmetic = rates.arithmeticMicrosPerStream * b
  if (reading >= arithmetic) return tokensFrom(reading, slope, work)
  const crossing = (arithmetic - reading) / slope
  if (work <= crossing * arithmetic) return work / arithmetic
  return crossing + tokensFrom(arithmetic, slope, work - crossing * arithmetic)
}

/** The x ≥ 0 with x · (step + slope · x / 2) = work, in the form that does not cancel. */
const tokensFrom = (step: number, slope: number, work: number): number =>
  (2 * work) / (step + Math.sqrt(step * step + 2 * slope * work))
