/**
 * A host's upload of tokens as a table: whether its lines are taken, or held back because the consumer
 * cannot keep up, and whether more of it may come. upload.ts does what the table answers.
 */
import type { Machine } from "../../../engine/index.ts"
import { machine } from "../../../engine/index.ts"

export type UploadState = "taking" | "held" | "lastLines" | "lastLinesHeld" | "over"

export type UploadInput =
  | "came"
  /** The host has sent all of it. */
  | "sentAll"
  /** No line is left of what came. */
  | "drained"
  | "hold"
  | "release"
  /** What came is no upload. */
  | "malformed"
  /** The connection is gone. */
  | "closed"
  /** The board wants nothing more of it. */
  | "unwanted"

export type UploadOutput =
  | "takeLines"
  | "pauseSource"
  | "resumeSource"
  | "endFinished"
  | "endMalformed"
  | "endBroken"
  | "endUnwanted"

export const uploadMachine: Machine<UploadState, UploadInput, UploadOutput> = machine({
  name: "upload",
  meaning: "A host's upload of tokens, from its first byte to its end.",
  initial: "taking",
  final: ["over"],
  table: {
    taking: {
      came: ["taking", "takeLines"],
      sentAll: ["lastLines", "takeLines"],
      drained: ["taking", "resumeSource"],
      hold: ["held", "pauseSource"],
      malformed: ["over", "endMalformed"],
      closed: ["over", "endBroken"],
      unwanted: ["over", "endUnwanted"],
    },
    held: {
      came: ["held"],
      sentAll: ["lastLinesHeld"],
      release: ["taking", "takeLines"],
      malformed: ["over", "endMalformed"],
      closed: ["over", "endBroken"],
      unwanted: ["over", "endUnwanted"],
    },
    // What came before the end may wait for a slow consumer, whatever becomes of the connection.
    lastLines: {
      drained: ["over", "endFinished"],
      hold: ["lastLinesHeld"],
      malformed: ["over", "endMalformed"],
      unwanted: ["over", "endUnwanted"],
    },
    lastLinesHeld: {
      release: ["lastLines", "takeLines"],
      // The consumer fell behind with the very last.
      drained: ["over", "endFinished"],
      malformed: ["over", "endMalformed"],
      unwanted: ["over", "endUnwanted"],
    },
    over: {},
  },
})
