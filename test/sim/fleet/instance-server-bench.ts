/**
 * How many requests a second the instance servers handle alone, on one core: a closed loop in
 * which every completion admits the next request, so that each instance always holds as many.
 *
 *   instance-server-bench.ts [instances] [requests in flight each] [requests]
 */
import { openStream } from "../../../engine/random.ts"
import { findDevice } from "../../../sim/fleet/devices.ts"
import { COMPLETED, InstanceServers } from "../../../sim/fleet/instance-server.ts"
import { findModel } from "../../../sim/fleet/models.ts"
import { compileServiceRates } from "../../../sim/fleet/service-model.ts"

const numbers = process.argv.map(Number).filter((value) => value > 0)
const [instances = 1000, inFlight = 8, requests = 2_000_000] = numbers

const device = findDevice("RTX 4090")
const model = findModel("llama-3-8b")
if (device === undefined || model === undefined) throw new Error("not in the catalogue")
const rates = compileServiceRates({ device, model, quantisation: "q4" }, inFlight)

const stream = openStream("bench", "sizes", 0)
const sizes = 4096
const inputs = Int32Array.from({ length: sizes }, () => 1 + Math.floor(stream.next() * 1500))
const outputs = Int32Array.from({ length: sizes }, () => 1 + Math.floor(stream.next() * 400))

const servers = new InstanceServers()
let drawn = 0
const admitNext = (instance: number, now: number): void => {
  const size = drawn++ & (sizes - 1)
  servers.admit(instance, now, drawn & 0xffff, inputs[size], outputs[size])
}
for (let instance = 0; instance < instances; instance++) {
  servers.open(instance, rates, inFlight)
  for (let i = 0; i < inFlight; i++) admitNext(instance, 0)
}

const run = (target: number): { readonly events: number; readonly seconds: number } => {
  let completed = 0
  let events = 0
  const start = process.hrtime.bigint()
  for (let instance = 0; completed < target; instance = (instance + 1) % instances) {
    const now = servers.nextEventMicros(instance)
    const count = servers.advance(instance, now)
    events += count
    for (let i = 0; i < count; i++) {
      if (servers.eventKinds[i] !== COMPLETED) continue
      completed++
      admitNext(instance, now)
    }
  }
  return { events, seconds: Number(process.hrtime.bigint() - start) / 1e9 }
}

run(requests / 4)
const { events, seconds } = run(requests)
console.log(
  `${instances} instances, ${inFlight} in flight each: ` +
    `${(requests / seconds / 1e6).toFixed(2)} million requests a second, ` +
    `${((seconds / events) * 1e9).toFixed(0)} ns an event`,
)
