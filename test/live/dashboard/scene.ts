/**
 * A gateway with something to see: models, hosts of two operators, a consumer whose calls they serve,
 * a host that is parked and one that is offline. Hosts are made in the market itself; no agent runs.
 */
import { openAttempts } from "../../../engine/index.ts"
import { NodeContext } from "@effect/platform-node"
import { Effect, Exit, Scope } from "effect"
import { openAccount } from "../../../live/accounts/sign-up.ts"
import { newPublicId } from "../../../live/http/secrets.ts"
import { orderTransfer } from "../../../live/accounts/transfers.ts"
import { defaultConfig } from "../../../live/config/config.ts"
import type { Fact } from "../../../live/driver/market-driver.ts"
import type { LiveServices } from "../../../live/directory/services.ts"
import type { Figures } from "../../../live/operations/trend-figures.ts"
import { figuresText } from "../../../live/operations/trend-figures.ts"
import { trendRanges, wholeMarket } from "../../../live/operations/trends.ts"
import { startGateway } from "../../../live/start/start.ts"
import { plainReceipt } from "../support/receipt.ts"

export interface Scene {
  readonly url: string
  readonly services: LiveServices
  readonly adminKey: string
  /** Keys of an operator with hosts, and of a consumer. */
  readonly operator: string
  readonly consumer: string
  /** Serves so many calls of every model that has a host. */
  readonly serve: (calls: number) => void
  /** Charges the consumer's key for a call, as the gateway does; gives the answer's x-request-id. */
  readonly charge: () => string
  /** One call of a model that no host serves. */
  readonly refuse: () => void
  /** Notes a past of thirty days, as if there had been one. */
  readonly remember: () => Promise<void>
  /** Lets the host of that name fail until it is parked. */
  readonly park: (host: string) => void
  readonly close: () => Promise<void>
}

/** Credits a token, of which 1,000 are a dollar: about what such models cost in public. */
const models = [
  ["meta-llama/Llama-3.1-8B-Instruct", "text", "0.00003", "0.00006"],
  ["Qwen/Qwen3-32B", "text", "0.00008", "0.00024"],
  ["mistralai/Mistral-Small-3.2-24B", "text", "0.00005", "0.00015"],
  ["BAAI/bge-m3", "embedding", "0.00001", "0"],
] as const

const hosts = [
  ["atlas-h100", 0, "meta-llama/Llama-3.1-8B-Instruct", 32, 2400],
  ["brook-4090", 0, "meta-llama/Llama-3.1-8B-Instruct", 8, 640],
  ["cedar-a6000", 0, "Qwen/Qwen3-32B", 8, 310],
  ["dune-m3-ultra", 1, "meta-llama/Llama-3.1-8B-Instruct", 4, 210],
  ["ember-l40s", 1, "BAAI/bge-m3", 16, 5000],
  ["fjord-3090", 1, "Qwen/Qwen3-32B", 4, 120],
  ["grove-a100", 1, "meta-llama/Llama-3.1-8B-Instruct", 16, 1400],
] as const

/** A day's rise and fall, with some more refused at its height. */
const figuresAt = (at: number, seconds: number, size: number): Figures => {
  const level = 1 + Math.sin((2 * Math.PI * at) / 86_400)
  const calls = Math.round(size * level * 20 * (seconds / 60))
  return {
    seconds,
    finished: calls,
    failed: Math.round(calls / 40),
    refused: level > 1.6 ? { NoCapacity: Math.round(calls / 5) } : {},
    servedTokens: 300 * calls,
    askedTokens: (level > 1.6 ? 360 : 300) * calls,
    supply: size * 700 * seconds,
    heldBack: 0,
    hosts: (size + 1) * seconds,
    bounty: (level > 1.6 ? 1.1 : 1) * seconds,
    inputPricePerMtok: 80_000_000,
    outputPricePerMtok: 240_000_000,
  }
}

export const openScene = async (folder: string, port = 0): Promise<Scene> => {
  const scope = await Effect.runPromise(Scope.make())
  const { url, services, adminSecret } = await Effect.runPromise(
    startGateway({
      config: {
        ...defaultConfig,
        listen: { ...defaultConfig.listen, port },
        // A busy machine is no busy gateway: nothing is turned away here.
        limits: { ...defaultConfig.limits, loopDelayMillis: 0 },
        economy: {
          preset: "pooled",
          knobs: { ramp: { start: 1 }, promotion: { giftsPay: "gifts" } },
        },
        models: models.map(([name, kind, inputPricePerToken, outputPricePerToken]) => ({
          name,
          kind,
          contextTokens: 32_768,
          inputPricePerToken,
          outputPricePerToken,
        })),
      },
      dataDirectory: folder,
      logger: false,
    }).pipe(Scope.extend(scope), Effect.provide(NodeContext.layer)),
  )
  const { driver, directory } = services
  const submit = (fact: Fact): void => {
    const rejection = driver.submit(fact)
    if (rejection !== undefined) throw new Error(`${fact._tag} was rejected: ${rejection}`)
  }
  const operators = [openAccount(services, "Northwind Compute"), openAccount(services, "Small Lab")]
  const consumer = openAccount(services, "Ada’s agents")
  orderTransfer(services, {
    kind: "purchase",
    account: consumer.account.id,
    name: "invoice-1",
    amount: "250",
  })
  const instances = new Map<string, number>()
  for (const [name, owner, model, slots, tokensPerSecond] of hosts) {
    const account = operators[owner]!.account.id
    const host = directory.hosts.nextId()
    const instance = directory.instances.nextId()
    const createdAtMillis = services.nowMillis()
    const modelId = directory.modelByName(model)!.id
    directory.hosts.put({
      id: host,
      publicId: newPublicId("host"),
      account,
      name,
      delivery: "pull",
      hardware: {},
      createdAtMillis,
    })
    directory.instances.put({
      id: instance,
      host,
      model: modelId,
      upstreamModel: model,
      slots,
      tokensPerSecond,
      createdAtMillis,
    })
    submit({ _tag: "NodeRegistered", node: host, account })
    submit({
      _tag: "InstanceStarted",
      instance,
      node: host,
      model: modelId,
      slots,
      tokensPerSecond,
      isPlatformAsked: false,
    })
    instances.set(name, instance)
  }
  submit({ _tag: "NodeLost", node: directory.instances.get(instances.get("fjord-3090")!)!.host })

  const call = (model: number, outcome: "completed" | "upstreamError", tokens: number): void => {
    const request = driver.nextRequest()
    submit({
      _tag: "RequestArrived",
      request,
      account: consumer.account.id,
      model,
      inputTokens: 400,
      maxTokens: 2000,
    })
    const openAttempt = () => openAttempts(driver.market).find((one) => one.request === request)
    for (let open = openAttempt(); open !== undefined; open = openAttempt())
      submit({
        _tag: "AttemptEnded",
        request,
        attempt: open.attempt,
        outcome,
        outputTokens: tokens,
        reportedTokens: tokens,
        decodeMicros: 4_000_000,
        retryAfterMicros: 0,
      })
  }
  const served = [...new Set(hosts.map(([, , model]) => model))].map(
    (name) => directory.modelByName(name)!.id,
  )
  return {
    url,
    services,
    adminKey: adminSecret ?? "",
    operator: operators[0]!.key.secret,
    consumer: consumer.key.secret,
    serve: (calls) => {
      for (let n = 0; n < calls; n++)
        for (const [index, model] of served.entries())
          if (index === 0 || n % (index + 1) === 0) call(model, "completed", 300 + ((n * 37) % 400))
    },
    charge: () => {
      const requestId = `req_shown_${driver.nextRequest()}`
      services.store.noteReceipt({
        request: driver.nextRequest(),
        at: driver.clock.nowMicros(),
        account: consumer.account.id,
        key: consumer.key.record.id,
        requestId,
        model: directory.modelByName(models[0][0])!.id,
        instance: instances.get("atlas-h100")!,
        ...plainReceipt,
      })
      return requestId
    },
    refuse: () =>
      submit({
        _tag: "RequestArrived",
        request: driver.nextRequest(),
        account: consumer.account.id,
        model: directory.modelByName("mistralai/Mistral-Small-3.2-24B")!.id,
        inputTokens: 400,
        maxTokens: 2000,
      }),
    remember: async () => {
      const now = Math.floor(services.nowMillis() / 1000)
      const { store } = services
      for (const { stepSeconds, seconds } of Object.values(trendRanges)) {
        const first = now - (now % stepSeconds) - seconds + stepSeconds
        for (let at = first; at < now - stepSeconds; at += stepSeconds)
          store.putSamples(
            [wholeMarket, ...served].map((subject) => ({
              stepSeconds,
              subject,
              at,
              figures: figuresText(figuresAt(at, stepSeconds, subject === wholeMarket ? 3 : 1)),
            })),
          )
      }
      await driver.durable()
    },
    park: (name) => {
      const instance = instances.get(name)!
      // Its neighbours are away for a moment, so that every call goes to it.
      const model = directory.instances.get(instance)!.model
      const others = [...directory.instances.all()].filter(
        (one) => one.model === model && one.id !== instance,
      )
      const say = (isAvailable: boolean): void => {
        for (const { id } of others)
          submit({ _tag: "AvailabilityChanged", instance: id, isAvailable })
      }
      say(false)
      for (let failures = 0; failures < 3; failures++) call(model, "upstreamError", 1)
      say(true)
    },
    close: () => Effect.runPromise(Scope.close(scope, Exit.void)),
  }
}
