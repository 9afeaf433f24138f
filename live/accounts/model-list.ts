/**
 * The models that the market lists, by the configuration or by an admin. Prices come as credits per
 * token and become minor units per million tokens, exactly: one that would have to be rounded is
 * refused.
 */
import { Data, Effect } from "effect"
import type { ListedModel } from "../config/config.ts"
import type { LiveServices } from "../directory/services.ts"
import type { ModelRecord } from "../directory/records.ts"
import { parsePricePerToken, priceDecimals, pricePerToken } from "../views/credits.ts"

export class ModelUnlistable extends Data.TaggedError("ModelUnlistable")<{
  readonly model: string
  readonly param: string
  readonly reason: string
}> {
  override get message(): string {
    return `Model ${this.model}: ${this.param} ${this.reason}`
  }
}

type ModelServices = Pick<LiveServices, "driver" | "directory">

/**
 * Lists a model, or gives the one of that name another price or context. Gives the record and
 * whether anything changed. Throws `ModelUnlistable`.
 */
export const listModel = (
  services: ModelServices,
  model: ListedModel,
): { readonly record: ModelRecord; readonly isChanged: boolean } => {
  const { driver, directory } = services
  const known = directory.modelByName(model.name)
  if (known !== undefined && known.kind !== model.kind)
    throw new ModelUnlistable({
      model: model.name,
      param: "kind",
      reason: `is ${known.kind} since it was listed and cannot become ${model.kind}; list it under another name`,
    })
  const accuracyBps = Math.round((model.accuracy ?? 0) * 10_000)
  const record: ModelRecord = {
    id: known?.id ?? directory.models.nextId(),
    name: model.name,
    kind: model.kind,
    contextTokens: model.contextTokens,
    inputPricePerMtok: pricePerMtok(services, model, "inputPricePerToken"),
    outputPricePerMtok: pricePerMtok(services, model, "outputPricePerToken"),
    ...(accuracyBps === 0 ? {} : { accuracyBps }),
    ...(model.developerRole === undefined ? {} : { developerRole: model.developerRole }),
  }
  if (known !== undefined && isSame(known, record)) return { record: known, isChanged: false }
  const rejection = driver.submit({
    _tag: "ModelListed",
    model: record.id,
    inputPricePerMtok: record.inputPricePerMtok,
    outputPricePerMtok: record.outputPricePerMtok,
    ...(accuracyBps === 0 ? {} : { accuracyBps }),
  })
  if (rejection !== undefined)
    throw new ModelUnlistable({
      model: model.name,
      param: "prices",
      reason: `are refused by the market: ${rejection}`,
    })
  directory.models.put(record)
  return { record, isChanged: true }
}

const isSame = (one: ModelRecord, other: ModelRecord): boolean =>
  one.contextTokens === other.contextTokens &&
  one.accuracyBps === other.accuracyBps &&
  (one.developerRole ?? "system") === (other.developerRole ?? "system") &&
  one.inputPricePerMtok === other.inputPricePerMtok &&
  one.outputPricePerMtok === other.outputPricePerMtok

const pricePerMtok = (
  { driver }: ModelServices,
  model: ListedModel,
  param: "inputPricePerToken" | "outputPricePerToken",
): number => {
  const price = parsePricePerToken(driver.market, model[param])
  const decimals = priceDecimals(driver.market)
  if (price === undefined)
    throw new ModelUnlistable({
      model: model.name,
      param,
      reason: `has to be credits as a decimal string such as "0.00006", 0 or more, with at most ${decimals} decimals and at most ${pricePerToken(driver.market, Number.MAX_SAFE_INTEGER)}; it is "${model[param].slice(0, 40)}"`,
    })
  return price
}

/**
 * Lists the models of the configuration, whose word wins over a price that an admin set before this
 * start. Models that it no longer names stay listed. Ends when all of it is on disk.
 */
export const listConfiguredModels = (
  services: Pick<LiveServices, "driver" | "directory" | "config">,
): Effect.Effect<void, ModelUnlistable> =>
  Effect.gen(function* () {
    const names = new Set<string>()
    for (const model of services.config.models) {
      if (names.has(model.name))
        return yield* new ModelUnlistable({
          model: model.name,
          param: "name",
          reason: "is listed twice in the configuration; a model has one price",
        })
      names.add(model.name)
      yield* Effect.try({
        try: () => listModel(services, model),
        catch: (error) => {
          if (error instanceof ModelUnlistable) return error
          throw error
        },
      })
    }
    yield* Effect.promise(() => services.driver.durable())
  })
