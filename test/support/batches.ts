/** Small markets of batches for tests: one model, its hosts, and a consumer with credit. */
import { aitbc } from "../../engine/economy/presets/aitbc.ts"
import type { EconomyPatch } from "../../engine/economy/derive.ts"
import type { Economy } from "../../engine/economy/schema.ts"
import type { Command } from "../../engine/protocol/command.ts"
import type { SmallMarket, Trial } from "./market.ts"
import { commandsOf, consumer, economyWith, openSmallMarket } from "./market.ts"

export const credit = 1_000_000
export const hour = 3_600_000_000

/** `aitbc`, with knobs of batches turned. */
export const batchEconomy = (
  batches: EconomyPatch["batches"] = {},
  patch: EconomyPatch = {},
): Economy => economyWith({ batches, ...patch }, aitbc)

/** 0.12 credits an item of 100 tokens, no price for prompts; one host of 16 slots. */
export const openBatchMarket = (options: SmallMarket = {}): Trial =>
  openSmallMarket({
    economy: batchEconomy(),
    slots: 16,
    inputPricePerMtok: 0,
    outputPricePerMtok: 1200 * credit,
    ...options,
  })

export interface BatchAsked {
  readonly account?: number
  readonly items?: number
  readonly inputTokens?: number
  readonly maxTokens?: number
  readonly deadline?: number
  readonly maxPricePerMtok?: number
}

/** Opens a batch of items of 100 tokens each, unless told otherwise. */
export const openBatch = (trial: Trial, batch: number, asked: BatchAsked = {}) => {
  const { account = consumer, items = 10 } = asked
  return trial.send({
    _tag: "BatchOpened",
    batch,
    account,
    model: 1,
    items,
    inputTokens: asked.inputTokens ?? items * 100,
    maxTokens: asked.maxTokens ?? items * 100,
    ...(asked.deadline === undefined ? {} : { deadline: asked.deadline }),
    ...(asked.maxPricePerMtok === undefined ? {} : { maxPricePerMtok: asked.maxPricePerMtok }),
  })
}

/** Gives out an item as a request of its own. */
export const sendItem = (
  trial: Trial,
  request: number,
  batch: number,
  item: number,
  { account = consumer, inputTokens = 100, maxTokens = 100 } = {},
) =>
  trial.send({
    _tag: "RequestArrived",
    request,
    account,
    model: 1,
    inputTokens,
    maxTokens,
    batch,
    item,
  })

export const closedBatch = (commands: ReadonlyArray<Command>) =>
  commandsOf(commands, "CloseBatch")[0]
