/**
 * The models that a host serves: added, removed, switched. Each is one synchronous change of directory and
 * market.
 */
import { hasInstance, inFlightOf } from "../../../engine/index.ts"
import { servedInstances } from "../../directory/host-state.ts"
import type { HostRecord, InstanceRecord } from "../../directory/records.ts"
import type { LiveServices } from "../../directory/services.ts"
import { badRequest, conflict } from "../../http/http-error.ts"
import type { ModelChange } from "../../protocol/host-protocol.ts"
import type { Offer } from "./offers.ts"
import { offerOf } from "./offers.ts"
import { mustSubmit } from "./submit.ts"

const mostModels = 64
/** Models that a host ever had, those that it has no more included. */
const mostModelsEver = 10_000

export interface Instances {
  readonly start: (host: HostRecord, offer: Offer, isPlatformAsked: boolean) => void
  readonly stop: (instance: InstanceRecord) => void
  readonly change: (host: HostRecord, change: ModelChange, isPlatformAsked: boolean) => void
}

export const makeInstances = (services: LiveServices): Instances => {
  const { directory, driver, nowMillis } = services

  const start = (host: HostRecord, offer: Offer, isPlatformAsked: boolean): void => {
    const { model, upstreamModel, slots, tokensPerSecond, pricePerMtok } = offer
    const instance: InstanceRecord = {
      id: directory.instances.nextId(),
      host: host.id,
      model: model.id,
      upstreamModel,
      slots,
      tokensPerSecond,
      createdAtMillis: nowMillis(),
    }
    // The record first: the market may at once ask to have the instance measured.
    directory.instances.put(instance)
    mustSubmit(driver, {
      _tag: "InstanceStarted",
      instance: instance.id,
      node: host.id,
      model: model.id,
      slots,
      tokensPerSecond,
      isPlatformAsked,
    })
    ask(instance.id, pricePerMtok)
  }
  /** The first price on a model is free to choose. */
  const ask = (instance: InstanceRecord["id"], pricePerMtok: number | undefined): void => {
    if (pricePerMtok !== undefined)
      mustSubmit(driver, { _tag: "PriceSet", instance, outputPricePerMtok: pricePerMtok })
  }
  const stop = (instance: InstanceRecord): void => {
    directory.instances.put({ ...instance, stoppedAtMillis: nowMillis() })
    if (hasInstance(driver.market, instance.id))
      mustSubmit(driver, { _tag: "InstanceStopped", instance: instance.id })
  }

  const changeModel: Instances["change"] = (host, change, isPlatformAsked) => {
    const served = servedInstances(services, host.id)
    const from = served.find(({ model }) => directory.models.get(model)?.name === change.model)
    if (change.action === "add") {
      if (from !== undefined)
        throw conflict("already_served", `This host serves ${change.model} already`)
      if (served.length >= mostModels)
        throw conflict("too_many_models", `A host serves at most ${mostModels} models`)
      if (directory.instancesOfHost(host.id).length >= mostModelsEver)
        throw conflict(
          "too_many_models",
          `This host has had ${mostModelsEver} models already; register it anew, or switch models`,
        )
      start(host, offerOf(services, change, change.model, priceOf(host)), isPlatformAsked)
      return
    }
    if (from === undefined)
      throw badRequest(
        `This host does not serve ${change.model}; it serves ${served
          .map(({ model }) => directory.models.get(model)?.name)
          .join(", ")}`,
        "model",
      )
    if (change.action === "remove") return stop(from)
    switchModel(host, from, change, isPlatformAsked)
  }

  const switchModel = (
    host: HostRecord,
    from: InstanceRecord,
    change: ModelChange,
    isPlatformAsked: boolean,
  ): void => {
    if (change.to === undefined) throw badRequest("`to` is missing: which model to switch to", "to")
    const offer = offerOf(services, change, change.to, {
      slots: from.slots,
      tokens_per_second: from.tokensPerSecond,
      ...priceOf(host),
    })
    const { model, upstreamModel, slots, tokensPerSecond } = offer
    const others = servedInstances(services, from.host)
    if (others.some((one) => one.model === model.id))
      throw conflict("already_served", `This host serves ${model.name} already`)
    const inFlight = inFlightOf(driver.market, from.id)
    if (inFlight > 0)
      throw conflict(
        "jobs_in_flight",
        `${inFlight} jobs of ${change.model} are still under way; drain the host, and switch when they have ended`,
      )
    directory.instances.put({ ...from, model: model.id, upstreamModel, slots, tokensPerSecond })
    mustSubmit(driver, {
      _tag: "ModelSwitched",
      instance: from.id,
      model: model.id,
      slots,
      tokensPerSecond,
      isPlatformAsked,
    })
    ask(from.id, offer.pricePerMtok)
  }

  return { start, stop, change: changeModel }
}

/** What a host asks for whatever it serves. */
const priceOf = ({ pricePerMtok }: HostRecord) =>
  pricePerMtok === undefined ? {} : { pricePerMtok }
