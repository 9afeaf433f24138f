/** Which page is shown: the one that the address names after `#`. */
import { showAccount } from "./account.js"
import { byId } from "./dom.js"
import { showHosts } from "./hosts.js"
import { showMarket } from "./market.js"
import { showUsage } from "./usage.js"
import { showRegister } from "./register.js"

const pages = {
  market: { title: "Market", show: showMarket },
  account: { title: "My account", show: showAccount },
  usage: { title: "Usage", show: showUsage },
  hosts: { title: "My hosts", show: showHosts },
  register: { title: "Register a host", show: showRegister },
}

let shown
/** Ends what the page that was shown before keeps doing. */
let leave = () => {}

const show = (isFirst) => {
  const asked = location.hash.slice(1)
  if (asked === "content") return byId("content").focus()
  const name = Object.hasOwn(pages, asked) ? asked : "market"
  if (name === shown) return
  shown = name
  leave()
  for (const one of Object.keys(pages)) byId(`view-${one}`).hidden = one !== name
  for (const link of document.querySelectorAll("nav a"))
    if (link.getAttribute("href") === `#${name}`) link.setAttribute("aria-current", "page")
    else link.removeAttribute("aria-current")
  document.title = `${pages[name].title} · Evenkeel`
  leave = pages[name].show() ?? (() => {})
  if (isFirst) return
  byId(`title-${name}`).focus({ preventScroll: true })
  scrollTo(0, 0)
}

addEventListener("hashchange", () => show(false))
show(true)
