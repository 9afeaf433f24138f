/** Nodes for the tests of what is made of them: a plain one, but for what a test is about. */
import type { NodeOutcome } from "../../../sim/results/models/run-model.ts"

export const madeUpNode = (settings: Partial<NodeOutcome>): NodeOutcome => ({
  node: 0,
  operator: 0,
  device: "RTX 4090",
  deviceClass: "consumer",
  model: "m",
  joinedSeconds: 0,
  leftSeconds: null,
  onlineHours: 24,
  busySlotHours: 0,
  slots: 1,
  requests: 0,
  failures: 0,
  outputTokens: 0,
  shareEarned: 0,
  bountyEarned: 0,
  withheld: 0,
  costCredits: 0,
  parks: 0,
  switches: 0,
  health: 1,
  ...settings,
})
