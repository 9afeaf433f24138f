/**
 * The event queue: what happens next, and when.
 *
 * It holds at most one pending entry for an actor (a server's next completion, a stream's next
 * arrival), so it stays as small as the fleet, however many requests are in flight. Entries leave
 * in the order (time, priority, sequence). An entry takes its sequence number when it is scheduled,
 * so ties never depend on how the heap happens to lie.
 *
 * An indexed d-ary heap, d = 4 (Johnson, "Priority queues with update and finding minimum spanning
 * trees", Information Processing Letters 4, 1975), over typed arrays. What makes it fast:
 * - Times lie in heap order, four children side by side, and the earliest of the four is found
 *   without a branch: which child is earliest is a coin toss that no branch predictor wins.
 * - Free slots hold the time +∞, so comparing four children needs no test for the heap's end.
 * - `pop` leaves the root empty and the next entry falls through it: "take an event, schedule its
 *   successor" walks down the heap once, not twice.
 * - One entry may stand in front of the heap. A busy arrival stream, usually the next to fire
 *   again, is taken from there and put back without touching the heap.
 * - A time never travels as an argument into a function too large to inline, where V8 would box it:
 *   it travels through a slot of its own.
 */

/** What `pop` returns when nothing is pending. */
export const NO_ACTOR = -1

/** Priorities are integers in −PRIORITY_LIMIT … PRIORITY_LIMIT − 1. */
export const PRIORITY_LIMIT = 1024

/**
 * A tie is decided by `priority · SEQUENCE_LIMIT + sequence`, exact in a double: 2^11 priorities
 * times 2^42 sequence numbers. At ten million events a second those last for five days.
 */
const SEQUENCE_LIMIT = 2 ** 42

/** Actors are numbered densely from 0: a number this large is a mistake, not a large fleet. */
const ACTOR_LIMIT = 2 ** 26

/** Slot of the entry that stands in front of the heap; its time is +∞ when there is none. */
const FRONT = 0
/** Slot whose time is the clock: the time of the entry popped last. */
const CLOCK = 1
/** Slot whose time is that of the entry being moved. */
const MOVING = 2
/** Slot that counts the entries scheduled so far: the next sequence number. */
const SCHEDULED = 3
/** The root. The children of slot s are 4s − 20 … 4s − 17, so siblings start at a multiple of 4. */
const ROOT = 7
/** The slot of an actor that has no pending entry. */
const NOWHERE = -1

export class EventQueue {
  /** By slot: the entry's time and owner. */
  private times: Float64Array
  private actors: Int32Array
  /** By actor: what decides a tie, and the slot of its entry or NOWHERE. */
  private ties: Float64Array
  private slots: Int32Array
  /** The first free slot of the heap. */
  private end = ROOT
  /** The root was popped and nothing has taken its place yet. */
  private rootIsEmpty = false

  /** `actorCapacity`: how many actors to make room for at first; the queue grows by itself. */
  constructor(actorCapacity = 16) {
    const capacity = Math.max(1, actorCapacity)
    this.times = new Float64Array(slotsFor(capacity)).fill(Infinity)
    this.times[CLOCK] = 0
    this.times[SCHEDULED] = 0
    this.actors = new Int32Array(slotsFor(capacity))
    this.ties = new Float64Array(capacity)
    this.slots = new Int32Array(capacity).fill(NOWHERE)
  }

  /** The time of the entry popped last; 0 before the first. */
  get now(): number {
    return this.times[CLOCK]
  }

  /** How many entries are pending. */
  get size(): number {
    const inHeap = this.end - ROOT - (this.rootIsEmpty ? 1 : 0)
    return this.times[FRONT] < Infinity ? inHeap + 1 : inHeap
  }

  /** Whether the actor has a pending entry. */
  isPending(actor: number): boolean {
    return (this.slots[actor] ?? NOWHERE) !== NOWHERE
  }

  /** When the actor's entry is due, or +∞ when it has none. */
  dueTime(actor: number): number {
    const slot = this.slots[actor] ?? NOWHERE
    return slot === NOWHERE ? Infinity : this.times[slot]
  }

  /** The earliest pending time, or +∞ when nothing is pending. */
  peekTime(): number {
    if (this.rootIsEmpty) this.closeRoot()
    return Math.min(this.times[FRONT], this.times[ROOT])
  }

  /**
   * Removes the first entry in the order (time, priority, sequence), sets {@link now} to its time
   * and returns its actor, or {@link NO_ACTOR} when nothing is pending. O(log n).
   */
  pop(): number {
    if (this.rootIsEmpty) this.closeRoot()
    const times = this.times
    const front = times[FRONT]
    if (front >= times[ROOT]) return this.popRootOrTie()
    // As in popFront, written out: this path is the hottest, and V8 inlines only so many calls.
    times[CLOCK] = front
    times[FRONT] = Infinity
    const actor = this.actors[FRONT]
    this.slots[actor] = NOWHERE
    return actor
  }

  /**
   * Makes `actor` (an integer ≥ 0, numbered densely) due at `time` (finite; whole microseconds, or
   * real time for closed forms). An entry that is pending already is moved, and counts as
   * scheduled now. At equal times the lower `priority` (an integer, 0 unless given) goes first,
   * then the entry scheduled first. O(log n). Throws a RangeError on what is not allowed.
   */
  schedule(actor: number, time: number, priority?: number): void {
    // At most 27 bytes of bytecode: V8 then inlines it wherever it is called.
    this.times[MOVING] = time
    this.enter(actor, priority)
  }

  /** Removes the actor's pending entry; false when it has none. O(log n). */
  cancel(actor: number): boolean {
    if (!this.isPending(actor)) return false
    if (this.slots[actor] === FRONT) this.times[FRONT] = Infinity
    else this.leaveHeap(actor)
    this.slots[actor] = NOWHERE
    return true
  }

  private popFront(): number {
    const times = this.times
    times[CLOCK] = times[FRONT]
    times[FRONT] = Infinity
    const actor = this.actors[FRONT]
    this.slots[actor] = NOWHERE
    return actor
  }

  private popRootOrTie(): number {
    const times = this.times
    const actor = this.actors[ROOT]
    if (times[ROOT] === times[FRONT]) {
      if (times[ROOT] === Infinity) return NO_ACTOR
      if (this.precedes(this.actors[FRONT], actor)) return this.popFront()
    }
    times[CLOCK] = times[ROOT]
    this.slots[actor] = NOWHERE
    this.rootIsEmpty = true
    return actor
  }

  /** Gives the moving entry a tie key and a place: in front where that is free or due later. */
  private enter(actor: number, priority = 0): void {
    if (actor >>> 0 !== actor || actor >= this.slots.length) this.admit(actor)
    const { times, actors, slots } = this
    const time = times[MOVING]
    const sequence = times[SCHEDULED]
    if (!(Math.abs(time) < Infinity)) refuseTime(actor, time)
    const tie = priority === 0 ? sequence : tieOf(actor, priority, sequence)
    times[SCHEDULED] = sequence + 1
    if (slots[actor] !== NOWHERE) {
      this.move(actor, tie)
      return
    }
    this.ties[actor] = tie
    const front = times[FRONT]
    let entrant = actor
    // An empty root is filled before a free front: else the heap's last entry would move for nothing.
    if (time < front && !(front === Infinity && this.rootIsEmpty)) {
      entrant = actors[FRONT]
      times[FRONT] = time
      actors[FRONT] = actor
      slots[actor] = FRONT
      if (front === Infinity) return
      times[MOVING] = front
    }
    if (this.rootIsEmpty) {
      this.rootIsEmpty = false
      this.siftDown(ROOT, entrant)
    } else this.siftUp(this.end++, entrant)
  }

  private move(actor: number, tie: number): void {
    const times = this.times
    const time = times[MOVING]
    // The entry keeps its old key for as long as others may be compared with it.
    if (this.rootIsEmpty) this.closeRoot()
    this.ties[actor] = tie
    times[MOVING] = time
    if (this.slots[actor] === FRONT) times[FRONT] = time
    else this.settle(this.slots[actor], actor)
  }

  private leaveHeap(actor: number): void {
    if (this.rootIsEmpty) this.closeRoot()
    const last = this.takeLast()
    if (last !== actor) this.settle(this.slots[actor], last)
  }

  /** Fills the empty root with the heap's last entry. */
  private closeRoot(): void {
    this.rootIsEmpty = false
    const last = --this.end
    const times = this.times
    times[MOVING] = times[last]
    times[last] = Infinity
    if (last > ROOT) this.siftDown(ROOT, this.actors[last])
  }

  /** Takes the heap's last entry out, to be moved elsewhere. */
  private takeLast(): number {
    const last = --this.end
    this.times[MOVING] = this.times[last]
    this.times[last] = Infinity
    return this.actors[last]
  }

  /** Puts the moving entry into a vacant slot amid the heap, or above or below it. */
  private settle(slot: number, actor: number): void {
    const time = this.times[MOVING]
    const parent = (slot >> 2) + 5
    const parentTime = slot > ROOT ? this.times[parent] : -Infinity
    const rises =
      time < parentTime || (time === parentTime && this.precedes(actor, this.actors[parent]))
    if (rises) this.siftUp(slot, actor)
    else this.siftDown(slot, actor)
  }

  private siftUp(from: number, actor: number): void {
    const { times, actors, slots } = this
    const time = times[MOVING]
    let slot = from
    while (slot > ROOT) {
      const parent = (slot >> 2) + 5
      const parentTime = times[parent]
      if (parentTime < time) break
      const parentActor = actors[parent]
      if (parentTime === time && this.precedes(parentActor, actor)) break
      times[slot] = parentTime
      actors[slot] = parentActor
      slots[parentActor] = slot
      slot = parent
    }
    times[slot] = time
    actors[slot] = actor
    slots[actor] = slot
  }

  private siftDown(from: number, actor: number): void {
    const { times, actors, slots, end } = this
    const time = times[MOVING]
    let slot = from
    for (;;) {
      const first = (slot << 2) - 20
      if (first >= end) break
      const t0 = times[first]
      const t1 = times[first + 1]
      const t2 = times[first + 2]
      const t3 = times[first + 3]
      // The winners of both pairs (bit 0: child 1 beats 0; bit 1: child 3 beats 2), then whether
      // the second pair's winner beats the first's, read off the four possible comparisons.
      const pairs = +(t1 < t0) | (+(t3 < t2) << 1)
      const finals = +(t2 < t0) | (+(t2 < t1) << 1) | (+(t3 < t0) << 2) | (+(t3 < t1) << 3)
      const second = (finals >> pairs) & 1
      let child = first + (second << 1) + ((pairs >> second) & 1)
      const childTime = times[child]
      const equals =
        +(t0 === childTime) |
        (+(t1 === childTime) << 1) |
        (+(t2 === childTime) << 2) |
        (+(t3 === childTime) << 3)
      if ((equals & (equals - 1)) !== 0) child = this.firstOfEqual(first, childTime)
      if (time < childTime) break
      const childActor = actors[child]
      if (time === childTime && this.precedes(actor, childActor)) break
      times[slot] = childTime
      actors[slot] = childActor
      slots[childActor] = slot
      slot = child
    }
    times[slot] = time
    actors[slot] = actor
    slots[actor] = slot
  }

  /** Of the four siblings from `first`, the one of the given time that goes first. */
  private firstOfEqual(first: number, time: number): number {
    let best = NOWHERE
    for (let slot = first; slot < first + 4; slot++) {
      if (this.times[slot] !== time) continue
      if (best === NOWHERE || this.precedes(this.actors[slot], this.actors[best])) best = slot
    }
    return best
  }

  /** Whether, their times being equal, actor a's entry goes before actor b's. */
  private precedes(a: number, b: number): boolean {
    return this.ties[a] < this.ties[b]
  }

  /** Makes room for a new actor. */
  private admit(actor: number): void {
    if (!Number.isInteger(actor) || actor < 0 || actor >= ACTOR_LIMIT) {
      throw new RangeError(`an actor is an integer in 0 … ${ACTOR_LIMIT - 1}, not ${actor}`)
    }
    const capacity = Math.max(actor + 1, 2 * this.slots.length)
    this.times = copyInto(new Float64Array(slotsFor(capacity)).fill(Infinity), this.times)
    this.actors = copyInto(new Int32Array(slotsFor(capacity)), this.actors)
    this.ties = copyInto(new Float64Array(capacity), this.ties)
    this.slots = copyInto(new Int32Array(capacity).fill(NOWHERE), this.slots)
  }
}

/** Slots for the front, the clock, a heap of `entries`, and the siblings of the last of them. */
const slotsFor = (entries: number): number => ROOT + entries + 4

const copyInto = <A extends Float64Array | Int32Array>(target: A, source: A): A => {
  target.set(source)
  return target
}

const refuseTime = (actor: number, time: number): never => {
  throw new RangeError(`actor ${actor} can only be scheduled at a finite time, not ${time}`)
}

/** What decides a tie. Throws a RangeError on a priority that is not allowed. */
const tieOf = (actor: number, priority: number, sequence: number): number => {
  if (!Number.isInteger(priority) || priority < -PRIORITY_LIMIT || priority >= PRIORITY_LIMIT) {
    const allowed = `an integer in ${-PRIORITY_LIMIT} … ${PRIORITY_LIMIT - 1}`
    throw new RangeError(`the priority of actor ${actor} must be ${allowed}, not ${priority}`)
  }
  if (sequence >= SEQUENCE_LIMIT) throw new RangeError(`more than ${SEQUENCE_LIMIT} entries`)
  return priority * SEQUENCE_LIMIT + sequence
}
