/**
 * Who this host is at its gateway: registered once, and known by its key from then on. The state file
 * holds the registration's own id before the gateway is asked, so that an answer that is lost on its
 * way makes no second host.
 */
import { randomUUID } from "node:crypto"
import type { GatewayLink } from "./gateway-link.ts"
import { Refused } from "./gateway-link.ts"
import type { AgentEvent } from "./options.ts"
import { AgentError } from "./options.ts"
import type { HostPlan } from "./plan.ts"
import { registrationOf } from "./plan.ts"
import type { AgentState, DeclaredModel } from "./state-file.ts"
import { gatewayName, readState, writeState } from "./state-file.ts"

export interface Identity {
  readonly hostId: string
  readonly apiKey: string
  /** Whether this call has registered it. */
  readonly isNew: boolean
  /** What the gateway has of it. */
  readonly models: ReadonlyArray<DeclaredModel>
}

export interface RegistrarOptions {
  readonly gateway: URL
  readonly accountKey: string | undefined
  readonly stateFile: string
  readonly link: GatewayLink
  readonly say: (event: AgentEvent) => void
}

export interface Registrar {
  /** What was declared at an earlier start. */
  readonly declared: () => Promise<ReadonlyArray<DeclaredModel>>
  /** The identity of earlier starts, its models brought up to date; else a new one. */
  readonly identify: (plan: HostPlan) => Promise<Identity>
  /** A new identity: the gateway does not know the old one any more. */
  readonly registerAgain: (plan: HostPlan) => Promise<Identity>
}

export const makeRegistrar = (options: RegistrarOptions): Registrar => {
  const { gateway, accountKey, stateFile, link, say } = options
  const read = (): Promise<AgentState | undefined> => readState(stateFile, gateway)

  const register = async (plan: HostPlan, registrationId: string): Promise<Identity> => {
    const state: AgentState = {
      version: 1,
      gateway: gatewayName(gateway),
      registrationId,
      models: plan.models,
    }
    await writeState(stateFile, state)
    const { host_id: hostId, api_key } = await link
      .register(accountKey, registrationOf(plan, registrationId))
      .catch((error: unknown) => {
        throw registrationError(error, accountKey)
      })
    // Registered by an earlier try, whose answer with the key was lost: keys are shown once.
    const apiKey = api_key ?? (await link.renewKey(accountKey ?? "", hostId)).api_key
    await writeState(stateFile, { ...state, hostId, apiKey })
    link.useKey(apiKey)
    say({ type: "registered", hostId, isNew: true })
    return { hostId, apiKey, isNew: true, models: plan.models }
  }

  const identify = async (plan: HostPlan): Promise<Identity> => {
    const state = await read()
    if (state?.hostId === undefined || state.apiKey === undefined)
      return register(plan, state?.registrationId ?? randomUUID())
    const { hostId, apiKey } = state
    link.useKey(apiKey)
    say({ type: "registered", hostId, isNew: false })
    const models = await changeModels(hostId, state.models, plan.models)
    if (models !== state.models) await writeState(stateFile, { ...state, models })
    return { hostId, apiKey, isNew: false, models }
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
    declared: async () => (await read())?.models ?? [],
    identify,
    registerAgain: (plan) => register(plan, randomUUID()),
  }
}

/** What the operator can do about a registration that was refused. */
const registrationError = (error: unknown, accountKey: string | undefined): unknown => {
  if (!(error instanceof Refused)) return error
  const { status, message } = error
  if (status === 401 || status === 403)
    return new AgentError(
      accountKey === undefined
        ? `Registering a host takes the key of its operator's account: give it with --key, EVENKEEL_KEY or the option \`apiKey\`. The gateway says: ${message}`
        : `The gateway refuses the account key: ${message}`,
    )
  if (status === 429 || status >= 500) return error
  return new AgentError(`The gateway refuses the registration: ${message}`)
}
