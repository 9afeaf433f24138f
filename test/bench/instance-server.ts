/**
 * How many requests a second the instance servers handle alone: a closed loop in which every
 * completion admits the next request, so that each instance always holds as many.
 */
import { openStream } from "../../engine/index.ts"
import { findDevice } from "../../sim/fleet/devices.ts"
import { COMPLETED, InstanceServers } from "../../sim/fleet/instance-server.ts"
import { findModel } from "../../sim/fleet/models.ts"
import { compileServiceRates } from "../../sim/fleet/service-model.ts"

export interface InstanceServerRow {
  readonly instances: number
  readonly inFlightEach: number
  readonly requestsPerSecond: number
}

const sizes = 4096

export const benchInstanceServers = (
  instances: number,
  inFlightEach: number,
  requests: number,
): InstanceServerRow => {
  const device = findDevice("RTX 4090")
  const model = findModel("llama-3-8b")
  if (device === undefined || model === undefined) throw new Error("bench: not in the catalogue")
  const rates = compileServiceRates({ device, model, quantisation: "q4" }, inFlightEach)
  const stream = openStream("bench", "sizes", 0)
  const inputs = Int32Array.from({ length: sizes }, () => 1 + Math.floor(stream.next() * 1500))
  const outputs = Int32Array.from({ length: sizes }, () => 1 + Math.floor(stream.next() * 400))
  const servers = new InstanceServers()
  let drawn = 0
  const admitNext = (instance: number, now: number): void => {
    const size = drawn++ % sizes
    servers.admit(instance, now, drawn % 65_536, inputs[size], outputs[size])
  }
  for (let instance = 0; instance < instances; instance++) {
    servers.open(instance, rates, inFlightEach)
    for (let i = 0; i < inFlightEach; i++) admitNext(instance, 0)
  }
  const serve = (target: number): void => {
    let completed = 0
    for (let instance = 0; completed < target; instance = (instance + 1) % instances) {
      const now = servers.nextEventMicros(instance)
      const happened = servers.advance(instance, now)
      let ended = 0
      for (let i = 0; i < happened; i++) if (servers.eventKinds[i] === COMPLETED) ended++
      for (let i = 0; i < ended; i++) admitNext(instance, now)
      completed += ended
    }
  }
  serve(requests / 10)
  const before = process.cpuUsage()
  serve(requests)
  const { user, system } = process.cpuUsage(before)
  return { instances, inFlightEach, requestsPerSecond: requests / ((user + system) / 1e6) }
}
