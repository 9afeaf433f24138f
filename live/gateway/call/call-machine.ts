/**
 * How far a call has come, as a table. Whoever runs it (call.ts) says what has happened and does what
 * the table answers.
 *
 * A stream's first byte goes out only when its hold is on disk, so that the states of a stream say
 * whether it is: not asked for (`arrived`), on its way (`asking…`), there (`held…`). Once bytes are out
 * (`open`), the answer is this attempt's. An answer in one piece is collected, and goes out when its
 * charge is on disk; so does the end of a stream that tells the charge (`charging`). In the states `arrived`, `waiting`, `…Between`, `closing` and `collected` the kernel has the
 * word: it knows how the last attempt ended, and orders another one or ends the call.
 */
import type { Machine } from "../../../engine/index.ts"
import { machine } from "../../../engine/index.ts"

export type CallState =
  | "arrived"
  | "waiting"
  | "asking"
  | "askingWithText"
  | "askingComplete"
  | "askingBetween"
  | "held"
  | "heldBetween"
  | "open"
  | "closing"
  | "collecting"
  | "collected"
  | "charging"
  | "over"

export type CallInput =
  /** No host has room: the kernel has it wait for one. */
  | "queued"
  /** The kernel orders an attempt, of an answer that streams or of one in one piece. */
  | "dispatched"
  | "dispatchedWhole"
  /** It orders an attempt of a call that the gateway itself has given up. */
  | "dispatchedInVain"
  /** A chunk that delivers nothing yet, and one behind the first that does. */
  | "chunk"
  | "text"
  /** The host has ended the attempt. */
  | "completed"
  | "failed"
  /** The gateway ends it: the consumer has left, time is up, the host is lost. */
  | "stopped"
  | "holdWritten"
  /** The kernel has charged it, and somebody waits to be told the charge. */
  | "served"
  /** The kernel has ended the call, and nothing has to be waited for. */
  | "ended"
  | "chargeWritten"
  | "chargeLost"

export type CallOutput =
  /** Tells the kernel that nobody waits for it any more. */
  | "withdraw"
  | "awaitHold"
  | "startAttempt"
  /** Tells the kernel that an attempt which was not begun has failed. */
  | "tellNotBegun"
  /** Tells the kernel how the attempt ended. */
  | "tell"
  /** Ends the attempt at its host; how it ended is then to be told. */
  | "stop"
  /** A chunk is put by, goes out, or becomes a part of the whole. */
  | "keep"
  | "pass"
  | "collect"
  /** What was put by goes out. */
  | "flush"
  | "awaitCharge"
  /** The consumer hears the end. */
  | "conclude"
  | "concludeUnwritten"

export const callMachine: Machine<CallState, CallInput, CallOutput> = machine({
  name: "call",
  meaning: "A call in the gateway, from its arrival to its end.",
  initial: "arrived",
  final: ["over"],
  table: {
    arrived: {
      queued: ["waiting"],
      dispatched: ["asking", "awaitHold", "startAttempt"],
      dispatchedWhole: ["collecting", "startAttempt"],
      dispatchedInVain: ["arrived", "tellNotBegun"],
      stopped: ["arrived"],
      ended: ["over", "conclude"],
    },
    waiting: {
      queued: ["waiting"],
      dispatched: ["asking", "awaitHold", "startAttempt"],
      dispatchedWhole: ["collecting", "startAttempt"],
      stopped: ["arrived", "withdraw"],
      ended: ["over", "conclude"],
    },
    asking: {
      chunk: ["asking", "keep"],
      text: ["askingWithText", "keep"],
      holdWritten: ["held"],
      completed: ["askingComplete"],
      failed: ["askingBetween", "tell"],
      stopped: ["askingBetween", "stop", "tell"],
    },
    askingWithText: {
      chunk: ["askingWithText", "keep"],
      text: ["askingWithText", "keep"],
      holdWritten: ["open", "flush"],
      completed: ["askingComplete"],
      failed: ["askingBetween", "tell"],
      stopped: ["askingBetween", "stop", "tell"],
    },
    askingComplete: {
      holdWritten: ["closing", "flush", "tell"],
      stopped: ["askingBetween", "stop", "tell"],
    },
    askingBetween: {
      dispatched: ["asking", "startAttempt"],
      dispatchedInVain: ["askingBetween", "tellNotBegun"],
      holdWritten: ["heldBetween"],
      stopped: ["askingBetween"],
      ended: ["over", "conclude"],
    },
    held: {
      chunk: ["held", "keep"],
      text: ["open", "keep", "flush"],
      completed: ["closing", "flush", "tell"],
      failed: ["heldBetween", "tell"],
      stopped: ["heldBetween", "stop", "tell"],
    },
    heldBetween: {
      dispatched: ["held", "startAttempt"],
      dispatchedInVain: ["heldBetween", "tellNotBegun"],
      stopped: ["heldBetween"],
      ended: ["over", "conclude"],
    },
    open: {
      chunk: ["open", "pass"],
      text: ["open", "pass"],
      completed: ["closing", "tell"],
      failed: ["closing", "tell"],
      stopped: ["closing", "stop", "tell"],
    },
    closing: {
      served: ["charging", "awaitCharge"],
      stopped: ["closing"],
      ended: ["over", "conclude"],
    },
    collecting: {
      chunk: ["collecting", "collect"],
      text: ["collecting", "collect"],
      completed: ["collected", "tell"],
      failed: ["collected", "tell"],
      stopped: ["collected", "stop", "tell"],
    },
    collected: {
      dispatchedWhole: ["collecting", "startAttempt"],
      dispatchedInVain: ["collected", "tellNotBegun"],
      served: ["charging", "awaitCharge"],
      stopped: ["collected"],
      ended: ["over", "conclude"],
    },
    charging: {
      chargeWritten: ["over", "conclude"],
      chargeLost: ["over", "concludeUnwritten"],
      stopped: ["charging"],
    },
    over: {},
  },
})

export type ReaderState = "reading" | "paused" | "gone"
export type ReaderInput = "paused" | "resumed" | "stalled" | "left"
export type ReaderOutput = "pause" | "resume" | "timeOut" | "stop"

/** What the consumer does with what it is sent. */
export const readerMachine: Machine<ReaderState, ReaderInput, ReaderOutput> = machine({
  name: "reader",
  meaning: "The consumer of a call, as far as it takes what it is sent.",
  initial: "reading",
  final: ["gone"],
  table: {
    reading: {
      paused: ["paused", "pause"],
      left: ["gone", "stop"],
    },
    paused: {
      resumed: ["reading", "resume"],
      stalled: ["gone", "timeOut", "stop"],
      left: ["gone", "stop"],
    },
    gone: {},
  },
})
