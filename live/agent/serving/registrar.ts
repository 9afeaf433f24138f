/**
 * Who this host is at its gateway: registered once, and known by its key from then on. The state file
 * holds the registration's own id before the gateway is asked, so that an answer that is lost on its
 * way makes no second host.
 *
 * Where the gateway does not know the host any more, or refuses its key, the account's key makes another
 * identity. Its registration's id follows from the identity before: agents that share a state file
 * register one host together, however they race; and what was known stands in the file until there is
 * something better, for the gateway may remember it yet.
 */
import { createHash, randomUUID } from "node:crypto"
import type { GatewayLink } from "./gateway-link.ts"
import { Refused } from "./gateway-link.ts"
import type { AgentEvent } from "../plan/options.ts"
import { AgentError } from "../plan/options.ts"
import type { HostPlan } from "../plan/plan.ts"
import { registrationOf } from "../plan/plan.ts"
import { standingAfter } from "./standing.ts"
import type { AgentState, DeclaredModel, StateKeeper } from "../plan/state-file.ts"

export interface Identity {
  readonly registrationId: string
  readonly hostId: string
  readonly apiKey: string
  /** Whether this call has registered it. */
  readonly isNew: boolean
  /** What the gateway has of it. */
  readonly models: ReadonlyArray<DeclaredModel>
}

/** How an identity was lost: the gateway has no such host, or its key does not open the door. */
export type Loss = "forgotten" | "refused"

export interface RegistrarOptions {
  /** Its name, as the state file has it. */
  readonly gateway: string
  readonly accountKey: string | undefined
  /** Shown where the operator has to act. */
  readonly stateFile: string
  readonly state: StateKeeper
  readonly link: GatewayLink
  readonly say: (event: AgentEvent) => void
}

export interface Registrar {
  /** What was declared at an earlier start. */
  readonly declared: () => Promise<ReadonlyArray<DeclaredModel>>
  /** The identity of earlier starts, its models brought up to date; else a new one. */
  readonly identify: (plan: HostPlan) => Promise<Identity>
  /** Another identity: that of whoever shares the state file and was faster, else a new one. */
  readonly replace: (plan: HostPlan, lost: Identity, how: Loss, why: string) => Promise<Identity>
}

export const makeRegistrar = (options: RegistrarOptions): Registrar => {
  const { gateway, accountKey, stateFile, state, link, say } = options

  const actAs = (identity: Identity): Identity => {
    link.actAs(identity)
    say({ type: "registered", hostId: identity.hostId, isNew: identity.isNew })
    return identity
  }

  /** Asks as often as it is called: the gateway knows the registration by its id. */
  const register = async (plan: HostPlan, registrationId: string): Promise<Identity> => {
    const answer = await link.register(accountKey, registrationOf(plan, registrationId))
    const { host_id: hostId } = answer
    const known = answer.api_key === null ? identityIn(await state.read()) : undefined
    if (known?.hostId === hostId) return actAs(known)
    // Registered by an earlier try, whose answer with the key was lost: keys are shown once.
    const apiKey = answer.api_key ?? (await link.renewKey(accountKey ?? "", hostId)).api_key
    const { models } = plan
    await state.write({ version: 1, gateway, registrationId, models, hostId, apiKey })
    return actAs({ registrationId, hostId, apiKey, isNew: true, models })
  }

  const registerFirst = async (plan: HostPlan, registrationId: string): Promise<Identity> => {
    await state.write({ version: 1, gateway, registrationId, models: plan.models })
    return register(plan, registrationId).catch((error: unknown) => {
      throw registrationError(error, accountKey)
    })
  }

  const identify = async (plan: HostPlan): Promise<Identity> => {
    const before = await state.read()
    const identity = identityIn(before)
    if (before === undefined || identity === undefined)
      return registerFirst(plan, before?.registrationId ?? randomUUID())
    actAs(identity)
    try {
      const models = await changeModels(identity.hostId, identity.models, plan.models)
      await askPrice(identity.hostId, plan)
      if (models !== identity.models) await state.write({ ...before, models })
      return { ...identity, models }
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      // The question names the host, as a heartbeat does.
      const standing = standingAfter("heartbeat", error.status)
      if (standing !== "forgotten" && standing !== "refused") throw error
      return replace(plan, identity, standing, error.message)
    }
  }

  const replace: Registrar["replace"] = async (plan, lost, how, why) => {
    const kept = identityIn(await state.read())
    if (kept !== undefined && (kept.hostId !== lost.hostId || kept.apiKey !== lost.apiKey))
      return actAs(kept)
    if (accountKey === undefined || accountKey === "") throw lossError(lost, how, why, stateFile)
    say({
      type: "notice",
      detail:
        how === "forgotten"
          ? `the gateway knows no host ${lost.hostId} any more; registering again`
          : `the gateway refuses the key of host ${lost.hostId}; registering a new host with the account's key`,
    })
    return register(plan, successorOf(lost)).catch((error: unknown) => {
      // Whoever answers so is not the gateway, or has just forgotten the host again.
      if (error instanceof Refused && error.status === 404) throw error
      throw registrationError(error, accountKey)
    })
  }

  /** The price of this start, which may be another than the one before. What is refused stays as it was. */
  const askPrice = async (hostId: string, { pricePerToken }: HostPlan): Promise<void> => {
    if (pricePerToken === undefined) return
    await link.setPrice(hostId, { price_per_token: pricePerToken }).catch((error: unknown) => {
      if (!(error instanceof Refused) || error.status >= 500) throw error
      say({ type: "notice", detail: `the price stays as it was: ${error.message}` })
    })
  }

  /** Asks for the difference between two lists of models, and gives what then stands. */
  const changeModels = async (
    hostId: string,
    before: ReadonlyArray<DeclaredModel>,
    after: ReadonlyArray<DeclaredModel>,
  ): Promise<ReadonlyArray<DeclaredModel>> => {
    const isIn = (list: ReadonlyArray<DeclaredModel>, one: DeclaredModel): boolean =>
      list.some(({ model }) => model === one.model)
    const gone = before.filter((one) => !isIn(after, one))
    const come = after.filter((one) => !isIn(before, one))
    for (const one of after) {
      const old = before.find(({ model }) => model === one.model)
      if (
        old !== undefined &&
        (old.slots !== one.slots || old.upstream_model !== one.upstream_model)
      )
        say({
          type: "notice",
          detail: `${one.model} stays registered with ${old.slots} slots as ${old.upstream_model}: a model's slots and name at the host change only by removing it and adding it again`,
        })
    }
    if (gone.length === 0 && come.length === 0) return before
    // A model that takes another's place is a switch: the instance keeps its history.
    for (let i = 0; i < Math.max(gone.length, come.length); i++) {
      const [out, into] = [gone[i], come[i]]
      const offer =
        into === undefined
          ? {}
          : {
              upstream_model: into.upstream_model,
              slots: into.slots,
              tokens_per_second: into.tokens_per_second,
            }
      if (out !== undefined && into !== undefined)
        await link.changeModels(hostId, {
          action: "switch",
          model: out.model,
          to: into.model,
          ...offer,
        })
      else if (into !== undefined)
        await link.changeModels(hostId, { action: "add", model: into.model, ...offer })
      else if (out !== undefined)
        await link.changeModels(hostId, { action: "remove", model: out.model })
    }
    return [...before.filter((one) => isIn(after, one)), ...come]
  }

  return {
    declared: async () => (await state.read())?.models ?? [],
    identify,
    replace,
  }
}

const identityIn = (state: AgentState | undefined): Identity | undefined => {
  if (state?.hostId === undefined || state.apiKey === undefined) return undefined
  const { registrationId, hostId, apiKey, models } = state
  return { registrationId, hostId, apiKey, isNew: false, models }
}

/** The id of the registration that takes an identity's place. */
const successorOf = ({ registrationId, hostId }: Identity): string =>
  createHash("sha256").update(`${registrationId} ${hostId}`).digest("hex").slice(0, 32)

const howToRegister = "give it with --key, EVENKEEL_KEY or the option `apiKey`"

/** What the operator can do where an identity is lost and there is no account's key. */
const lossError = ({ hostId }: Identity, how: Loss, why: string, stateFile: string): AgentError =>
  new AgentError({
    message:
      how === "forgotten"
        ? `The gateway knows no host ${hostId} any more: ${why}. To register a new one takes the key of its operator's account: ${howToRegister}`
        : `The gateway refuses the key of host ${hostId}: ${why}. If the host's key was replaced, put the new one into ${stateFile}; to register a new host takes the key of its operator's account: ${howToRegister}`,
  })

/** What the operator can do about a registration that was refused. */
const registrationError = (error: unknown, accountKey: string | undefined): unknown => {
  if (!(error instanceof Refused)) return error
  const { status, message } = error
  if (status === 401 || status === 403)
    return new AgentError({
      message:
        accountKey === undefined
          ? `Registering a host takes the key of its operator's account: ${howToRegister}. The gateway says: ${message}`
          : `The gateway refuses the account key: ${message}`,
    })
  if (status === 429 || status >= 500) return error
  return new AgentError({ message: `The gateway refuses the registration: ${message}` })
}
