/**
 * Who is there at the start and who comes later: nodes drawn by device and model, operators with one
 * node or a farm of them.
 */
import type { Stream } from "../../../engine/index.ts"
import { openStream } from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import { exponential } from "../../kernel/variates.ts"
import type { Recorder } from "../../recording/recorder.ts"
import type { Nodes } from "../nodes/nodes.ts"
import type { PriceSettings } from "../../scenarios/price-settings.ts"
import type { Setting } from "../stage/setting.ts"
import type { Operators } from "./operators.ts"

const dayMicros = 86_400e6

/** Index drawn with probability proportional to its weight; −1 where all weights are 0. */
const drawWeighted = (weights: ReadonlyArray<number>, lot: number): number => {
  let target = lot * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    target -= weight
    if (target < 0) return index
  }
  return -1
}

export class Population {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly recorder: Recorder
  private readonly nodes: Nodes
  private readonly operators: Operators
  private readonly entry: number
  private readonly deviceStream: Stream
  private readonly joinStream: Stream
  /** Counts the nodes that were there from the start. */
  private nextResident = 0
  /** Counts those who considered joining, whether they did or not. */
  candidates = 0
  private onAdded: (node: number, entity: number | string) => void = () => {}

  constructor(
    setting: Setting,
    agenda: Agenda,
    recorder: Recorder,
    nodes: Nodes,
    operators: Operators,
  ) {
    this.setting = setting
    this.agenda = agenda
    this.recorder = recorder
    this.nodes = nodes
    this.operators = operators
    this.entry = agenda.register(() => this.onJoin())
    this.deviceStream = openStream(setting.seed, "device", 0)
    this.joinStream = openStream(setting.seed, "join", 0)
  }

  /** Calls for each node of the fleet before its life begins; `entity` names its streams. */
  whenAdded(act: (node: number, entity: number | string) => void): void {
    this.onAdded = act
  }

  /** Registers the first nodes that are `established` (old when demand begins), or the others. */
  populate(isEstablished: boolean): void {
    const { scenario, offers } = this.setting
    const { fleet, models } = scenario
    const established = Math.round(fleet.nodes * fleet.establishedShare)
    const count = isEstablished ? established : fleet.nodes - established
    let left = 0
    let operator = -1
    for (let i = 0; i < count; i++) {
      if (left === 0) {
        operator = this.operators.signUpResident()
        left = this.deviceStream.next() < fleet.farmShare ? fleet.farmNodes : 1
      }
      left--
      const device = this.drawDevice(this.deviceStream)
      const model = drawWeighted(
        models.map(({ initialSupply }, index) =>
          offers.offers[device][index] === null ? 0 : initialSupply,
        ),
        this.deviceStream.next(),
      )
      if (model >= 0) this.addResident(operator, device, model, this.nextResident++)
    }
  }

  private drawDevice(stream: Stream): number {
    return drawWeighted(
      this.setting.scenario.fleet.devices.map(({ weight }) => weight),
      stream.next(),
    )
  }

  /** A node of the fleet, with a character of its own. */
  private addResident(
    operator: number,
    device: number,
    model: number,
    entity: number | string,
  ): void {
    const { seed, scenario } = this.setting
    const { operators, faults } = scenario
    const character = openStream(seed, "character", entity)
    const declareFactor =
      character.next() < operators.overDeclareShare ? operators.overDeclareFactor : 1
    const isChaser = character.next() < operators.chaserShare
    const speed = character.next() < faults.slowShare ? faults.slowSpeed : 1
    const strategy = isChaser ? "bounty" : this.drawStrategy(character.next())
    const price = this.drawPrice(character)
    const node = this.operators.addNode({ operator, device, model, entity, strategy, price })
    this.nodes.columns.declareFactor[node] = declareFactor
    this.nodes.columns.speed[node] = speed
    this.onAdded(node, entity)
    this.nodes.beginLife(node)
  }

  private drawStrategy(lot: number): string {
    const { strategyMix } = this.setting
    const weights = strategyMix.map(({ weight }) => weight)
    return strategyMix[drawWeighted(weights, lot)]?.strategy ?? "profit"
  }

  private drawPrice(character: Stream): PriceSettings | null {
    const { prices } = this.setting.scenario.operators
    if (prices.length === 0) return null
    return (
      prices[
        drawWeighted(
          prices.map(({ weight }) => weight),
          character.next(),
        )
      ] ?? null
    )
  }

  /** Somebody considers joining; they do where it pays. */
  private onJoin(): void {
    this.scheduleJoin()
    // Named by those who considered it, not by those who came: who stays away changes no one else.
    const entity = `candidate ${this.candidates++}`
    const stream = openStream(this.setting.seed, "join", entity)
    const device = this.drawDevice(stream)
    const model = this.operators.chooseToJoin(device, stream)
    if (model < 0) return
    this.recorder.add("joins", 1)
    this.addResident(this.operators.signUpResident(), device, model, entity)
  }

  scheduleJoin(): void {
    const { agenda, setting } = this
    const perDay = setting.scenario.churn.joinsPerDay
    if (perDay === 0) return
    const at = Math.round(agenda.now + exponential(this.joinStream, perDay / dayMicros))
    if (at <= setting.endMicros) agenda.queue.schedule(this.entry, at)
  }
}
