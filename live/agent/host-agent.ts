/**
 * A host of the market, as a library: detects the machine, registers it, serves jobs.
 *
 * @example
 * const agent = new HostAgent({
 *   apiUrl: "https://market.example",
 *   apiKey: process.env.EVENKEEL_KEY,
 *   backend: "openai",
 *   endpointUrl: "http://127.0.0.1:8000/v1",
 *   models: ["meta-llama/Llama-3-8B-Instruct"],
 *   pricePerToken: 0.00012,
 * })
 * const { hostId } = await agent.register()
 * await agent.serve() // until SIGTERM, or agent.stop()
 */
import { Duration, Effect, Schedule } from "effect"
import { runEffect } from "../http/run-effect.ts"
import { backoff } from "./transport/backoff.ts"
import { fromPromise } from "./transport/from-promise.ts"
import type { Backend } from "./backends/backend.ts"
import { backendOf, httpUrl } from "./choose-backend.ts"
import type { GatewayLink } from "./serving/gateway-link.ts"
import { makeGatewayLink, Refused } from "./serving/gateway-link.ts"
import type { Grants } from "./hours/grants.ts"
import { makeGrants } from "./hours/grants.ts"
import { hooksFrom } from "./hours/hooks.ts"
import { makeMonitor } from "./monitoring/monitor.ts"
import { makeOfferHold } from "./monitoring/offer-hold.ts"
import { detectGpus } from "./machine/gpus.ts"
import { loadNow } from "./machine/heartbeat.ts"
import { Unreachable } from "./transport/http.ts"
import type { AgentEvent, HostAgentOptions } from "./plan/options.ts"
import { AgentError } from "./plan/options.ts"
import type { HostPlan } from "./plan/plan.ts"
import { makePlan, modelOptions } from "./plan/plan.ts"
import type { Identity, Registrar } from "./serving/registrar.ts"
import { makeRegistrar } from "./serving/registrar.ts"
import type { QualityChecker } from "./backends/quality-check.ts"
import type { ServingWatch } from "./serving/serving.ts"
import { serve } from "./serving/serving.ts"
import { defaultStateFile, gatewayName, stateKeeper } from "./plan/state-file.ts"

/** What `register` gives. */
export interface HostRegistration {
  readonly hostId: string
  /** `hk_live_…`: the host's own key; kept in the state file. */
  readonly apiKey: string
  /** Whether the host was registered now, rather than at an earlier start. */
  readonly isNew: boolean
}

const drainSeconds = 30

export class HostAgent {
  readonly #options: HostAgentOptions
  readonly #gateway: URL
  readonly #stateFile: string
  readonly #link: GatewayLink
  readonly #backend: Backend
  readonly #registrar: Registrar
  readonly #stopping = new AbortController()
  #backendStart: Promise<void> | undefined
  #plan: Promise<HostPlan> | undefined
  #identity: Promise<Identity> | undefined
  #served: Promise<void> | undefined
  #qualityChecker: QualityChecker | undefined

  /** Throws an `AgentError` where the options do not fit together. Nothing is started yet. */
  constructor(options: HostAgentOptions) {
    this.#options = options
    this.#qualityChecker = options.qualityChecker
    this.#gateway = httpUrl(options.apiUrl, `gateway ${options.apiUrl}`, "https://market.example")
    this.#stateFile = options.stateFile ?? defaultStateFile(this.#gateway)
    this.#link = makeGatewayLink(this.#gateway)
    this.#backend = backendOf(options, modelOptions(options))
    this.#registrar = makeRegistrar({
      gateway: gatewayName(this.#gateway),
      accountKey: options.apiKey,
      stateFile: this.#stateFile,
      state: stateKeeper(this.#stateFile, this.#gateway),
      link: this.#link,
      say: this.#say,
    })
  }

  readonly #say = (event: AgentEvent): void => this.#options.onEvent?.(event)

  /** Ends once the agent is told to stop. */
  readonly #stopped = Effect.async<void>((resume) => {
    const { signal } = this.#stopping
    const tell = (): void => resume(Effect.void)
    if (signal.aborted) return tell()
    signal.addEventListener("abort", tell, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", tell))
  })

  /** Where the host's id and key are kept. */
  get stateFile(): string {
    return this.#stateFile
  }

  /**
   * Starts the backend, looks at the machine and measures what was not given: what `register` would
   * declare. Registers nothing.
   */
  detect(): Promise<HostPlan> {
    this.#plan ??= this.#detect()
    return this.#plan
  }

  async #detect(): Promise<HostPlan> {
    // A state file of another gateway is found out before weights are loaded.
    const declared = await this.#registrar.declared()
    this.#backendStart ??= this.#backend.start()
    await this.#backendStart.catch((error: Error) => {
      throw new AgentError({
        message: `${this.#backend.description} cannot be used: ${error.message}`,
      })
    })
    return runEffect(
      makePlan({
        options: this.#options,
        backend: this.#backend,
        declared,
        listedModels: this.#patiently(() => this.#link.listedModels(this.#options.apiKey)),
        say: this.#say,
        signal: this.#stopping.signal,
      }),
    )
  }

  /**
   * Registers the host, or takes up the registration of an earlier start. Waits for a gateway that
   * cannot be reached; rejects with an `AgentError` where it refuses.
   */
  async register(): Promise<HostRegistration> {
    const { hostId, apiKey, isNew } = await this.#identified()
    return { hostId, apiKey, isNew }
  }

  async #identify(): Promise<Identity> {
    const plan = await this.detect()
    return runEffect(this.#patiently(() => this.#registrar.identify(plan)))
  }

  /**
   * Asks another price for an output token from now on, where the market's hosts set prices: for all models,
   * or for one. A decimal as text is taken as it is written. Registers first; rejects with an `AgentError`
   * that says what is allowed where the market refuses.
   */
  async setPrice(pricePerToken: number | string, model?: string): Promise<void> {
    const { hostId } = await this.#identified()
    const change = { price_per_token: pricePerToken, ...(model === undefined ? {} : { model }) }
    return runEffect(this.#patiently(() => this.#link.setPrice(hostId, change)))
  }

  /**
   * Checks each result of the jobs that begin from now on before it is handed in; without one, none is. An answer is
   * then held back until it is whole, so that its consumer sees all of it at once.
   */
  setQualityChecker(checker: QualityChecker | undefined): void {
    this.#qualityChecker = checker
  }

  /** Serves until `stop`, or a signal; resolves once everything has ended. Registers first. */
  serve(): Promise<void> {
    this.#served ??= this.#serve()
    return this.#served
  }

  async #serve(): Promise<void> {
    const release = this.#options.handlesSignals === false ? () => {} : this.#onSignals()
    const watch = this.#watch()
    try {
      const plan = await this.detect()
      const identity = await this.#identified()
      if (this.#stopping.signal.aborted) return
      const grants = await this.#sellHours(identity.hostId)
      this.#say({
        type: "serving",
        hostId: identity.hostId,
        models: identity.models.map(({ model }) => model),
      })
      await runEffect(
        serve({
          link: this.#link,
          backend: this.#backend,
          identity,
          replace: (lost, how, why) =>
            this.#patiently(() => this.#registrar.replace(plan, lost, how, why), true),
          load: loadNow,
          qualityChecker: () => this.#qualityChecker,
          ...(grants === undefined ? {} : { onBookings: grants.see, watch }),
          toldToDrain: this.#stopped,
          drainMillis: (this.#options.drainSeconds ?? drainSeconds) * 1000,
          say: (event) => {
            watch.see(event)
            this.#say(event)
          },
        }),
      )
    } catch (error) {
      // Told to stop before it had begun to serve.
      if (error !== this.#stopping.signal.reason) throw error
    } finally {
      release()
      watch.stop()
      await this.#backend.stop()
    }
  }

  async #sellHours(hostId: string): Promise<Grants | undefined> {
    const { hours } = this.#options
    if (hours === undefined) return undefined
    const hooks = hooksFrom(hours.grant)
    const { monitoring } = hours
    await runEffect(this.#patiently(() => this.#link.sellHours(hostId, hours.listing), true))
    if (monitoring !== undefined)
      await runEffect(this.#patiently(() => this.#link.monitorHours(hostId, monitoring), true))
    return makeGrants({ hooks, started: this.#link.startDelivery, say: this.#say })
  }

  /** Looks at what the market of its hours asks for. */
  #watch(): ServingWatch & {
    readonly see: (event: AgentEvent) => void
    readonly stop: () => void
  } {
    let beat = (): void => {}
    const link = this.#link
    const ownId = async (): Promise<string> => (await this.#identified()).hostId
    const monitor = makeMonitor({
      say: this.#say,
      ping: link.ping,
      gpus: () => runEffect(detectGpus()),
      urge: () => beat(),
    })
    const hold = makeOfferHold({
      isOffered: async () => link.areHoursOffered(await ownId()),
      offer: async (isOffered) => link.offerHours(await ownId(), isOffered),
      say: this.#say,
    })
    return {
      hear: (asked) => {
        monitor.follow(asked)
        void hold.see(monitor.isHolding())
      },
      health: monitor.health,
      isHolding: monitor.isHolding,
      onUrgent: (urged) => {
        beat = urged
      },
      see: (event) => {
        // One that was withdrawn says nothing of the machine.
        if (event.type === "jobEnded" && event.end !== "withdrawn")
          monitor.jobEnded(event.end === "completed")
      },
      stop: monitor.stop,
    }
  }

  #identified(): Promise<Identity> {
    this.#identity ??= this.#identify()
    return this.#identity
  }

  /** Drains and ends: what runs may finish within `drainSeconds`. Resolves once all has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort(new AgentError({ message: "the agent was stopped" }))
    if (this.#served === undefined) await this.#backend.stop()
    await this.#served?.catch(() => {})
  }

  #onSignals(): () => void {
    const onSignal = (): void => {
      void this.stop()
    }
    process.once("SIGTERM", onSignal)
    process.once("SIGINT", onSignal)
    return () => {
      process.removeListener("SIGTERM", onSignal)
      process.removeListener("SIGINT", onSignal)
    }
  }

  /**
   * Tries again while the gateway cannot be reached or has no time. `isKnown`: it has been there, so that
   * a 404 is somebody else's word for its absence, or passes.
   */
  #patiently<A>(attempt: () => Promise<A>, isKnown = false): Effect.Effect<A, Error> {
    const { signal } = this.#stopping
    const isPassing = (error: Error): boolean =>
      error instanceof Unreachable ||
      (error instanceof Refused &&
        (error.status === 429 || error.status >= 500 || (isKnown && error.status === 404)))
    const waits = Schedule.identity<Error>().pipe(
      Schedule.whileInput(isPassing),
      Schedule.intersect(backoff()),
      Schedule.modifyDelay(([error], delay) => {
        const asked = error instanceof Refused ? (error.retryAfterSeconds ?? 0) * 1000 : 0
        const retryMillis = Math.max(asked, Duration.toMillis(delay))
        this.#say({ type: "disconnected", detail: error.message, retryMillis })
        return retryMillis
      }),
    )
    // What was begun comes to its end, and is known of; the waits between do not.
    return Effect.uninterruptible(fromPromise(attempt)).pipe(
      Effect.retry(waits),
      Effect.mapError((error) =>
        error instanceof Refused && !isPassing(error)
          ? new AgentError({ message: `The gateway refuses: ${error.message}` })
          : error,
      ),
      Effect.raceFirst(
        Effect.zipRight(
          this.#stopped,
          Effect.failSync(() => signal.reason as Error),
        ),
      ),
    )
  }
}
