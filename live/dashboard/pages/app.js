/** Which page is shown: the one that the address names after `#`. */
import { showAdmin } from "./admin.js"
import { showAccount } from "./account.js"
import { ask } from "./api.js"
import { showBookings } from "./bookings.js"
import { showContracts } from "./contracts.js"
import { byId } from "./dom.js"
import { showEarnings } from "./earnings.js"
import { showFleet, showHost } from "./fleet.js"
import { showGpu } from "./gpu.js"
import { showHosts } from "./hosts.js"
import { showHours } from "./hours.js"
import { showMachines } from "./machines.js"
import { showMarket } from "./market.js"
import { showQueues } from "./queues.js"
import { showSwarms } from "./swarms.js"
import { showUsage } from "./usage.js"
import { showRegister } from "./register.js"

const pages = {
  market: { title: "Market", show: showMarket },
  fleet: { title: "Hosts", show: showFleet },
  host: { title: "Host", show: showHost },
  hours: { title: "Hours", show: showHours },
  gpu: { title: "Machine", show: showGpu },
  swarms: { title: "Swarms", show: showSwarms },
  bookings: { title: "My bookings", show: showBookings },
  contracts: { title: "Contracts", show: showContracts },
  queues: { title: "Queues", show: showQueues },
  machines: { title: "My machines", show: showMachines },
  earnings: { title: "Earnings", show: showEarnings },
  account: { title: "My account", show: showAccount },
  usage: { title: "Usage", show: showUsage },
  hosts: { title: "My hosts", show: showHosts },
  admin: { title: "Admin", show: showAdmin },
  register: { title: "Register a host", show: showRegister },
}

/** Pages of one thing, by the page that lists all of them. */
const parents = { earnings: "machines", host: "fleet", gpu: "hours", swarms: "machines" }

let shown
/** Ends what the page that was shown before keeps doing. */
let leave = () => {}

const show = (isFirst) => {
  const address = location.hash.slice(1)
  if (address === "content") return byId("content").focus()
  const [asked = "", ...rest] = address.split("/")
  const name = Object.hasOwn(pages, asked) ? asked : "market"
  if (address === shown) return
  shown = address
  leave()
  for (const one of Object.keys(pages)) byId(`view-${one}`).hidden = one !== name
  for (const link of document.querySelectorAll("nav a"))
    if (link.getAttribute("href") === `#${parents[name] ?? name}`)
      link.setAttribute("aria-current", "page")
    else link.removeAttribute("aria-current")
  document.title = `${pages[name].title} · Evenkeel`
  leave = pages[name].show(rest.join("/")) ?? (() => {})
  if (isFirst) return
  byId(`title-${name}`).focus({ preventScroll: true })
  scrollTo(0, 0)
}

/** Pages of hours are named where there are hours to be had. */
const nameHours = async () => {
  const { sells_hours: areSold } = await ask("GET", "market")
  for (const item of document.querySelectorAll("[data-of-hours]"))
    if (item instanceof HTMLElement) item.hidden = !areSold
}

void nameHours().catch(() => {})
addEventListener("hashchange", () => show(false))
show(true)
