"use strict";
// The simulator's only script: sends without leaving the page, and fetches what is new when told.
// Everything it does also works without it, by plain forms and links.

const page = document.documentElement;
const header = { "X-Kawan": "1" };
page.classList.add("script");

const phoneOf = (element) => element.closest(".phone");
const logOf = (phone) => phone.querySelector(".log");
const isShown = (phone) => phone.getClientRects().length > 0;

function tellStatus(phone, words) {
  phone.querySelector(".status").textContent = words;
}

async function post(where, body) {
  const answer = await fetch(where, { method: "POST", headers: header, body });
  if (!answer.ok) throw new Error(await answer.text());
  return answer;
}

async function send(phone, where, body) {
  tellStatus(phone, "");
  try {
    await post(where, body);
    return true;
  } catch (error) {
    const lost = error instanceof TypeError;
    tellStatus(phone, lost ? "Tidak tersambung. Silakan coba lagi." : error.message);
    return false;
  }
}

// --- what is new ---

function merge(shown, fetched) {
  const known = new Map([...shown.children].map((item) => [item.dataset.key, item]));
  let before = null;
  let added = 0;
  for (const item of [...fetched.children]) {
    const old = known.get(item.dataset.key);
    if (old) {
      for (const part of [".options", ".choices"]) {
        const [mine, theirs] = [old.querySelector(part), item.querySelector(part)];
        if (mine && theirs) mine.hidden = theirs.hidden;
      }
    } else {
      before ? before.after(item) : shown.prepend(item);
      added += item.classList.contains("day") ? 0 : 1;
    }
    before = old || item;
    known.delete(item.dataset.key);
  }
  for (const gone of known.values()) gone.remove();
  return added;
}

const busy = new Map();

async function refresh(phone) {
  if (busy.has(phone)) {
    busy.set(phone, true);
    return;
  }
  do {
    busy.set(phone, false);
    try {
      const answer = await fetch(`/simulator/${phone.id}/messages`, { headers: header });
      if (answer.ok) show(phone, await answer.text());
    } catch {
      // the connection is lost: EventSource connects again and tells us to look
    }
  } while (busy.get(phone));
  busy.delete(phone);
}

function show(phone, html) {
  const fetched = new DOMParser().parseFromString(html, "text/html").querySelector(".messages");
  const shown = phone.querySelector(".messages");
  const focused = phone.contains(document.activeElement) && document.activeElement.closest(".choices");
  const added = merge(shown, fetched);
  const old = phone.querySelector(".old");
  old.hidden = !fetched.dataset.old;
  old.value = fetched.dataset.old;
  old.querySelector("span").textContent = fetched.dataset.oldLabel;
  if (!added) return;
  if (focused && focused.hidden) logOf(phone).focus({ preventScroll: true });
  logOf(phone).scrollTop = 0;
  if (!isShown(phone)) markUnread(phone, true);
}

let clockDue = 0;

function refreshClock() {
  if (!document.querySelector(".clock")) return;
  clearTimeout(clockDue);
  clockDue = setTimeout(async () => {
    try {
      const answer = await fetch("/simulator/clock", { headers: header });
      if (answer.ok) showClock(await answer.text());
    } catch {
      // as in refresh: we are told to look again
    }
  }, 400);
}

function showClock(html) {
  const clock = document.querySelector(".clock");
  const fetched = new DOMParser().parseFromString(html, "text/html").querySelector(".clock");
  for (const part of ["strong", ".next"]) {
    const [mine, theirs] = [clock.querySelector(part), fetched.querySelector(part)];
    if (mine.textContent !== theirs.textContent) mine.textContent = theirs.textContent;
  }
  const next = clock.querySelector("[value=next]");
  next.disabled = fetched.querySelector("[value=next]").disabled;
}

function listen() {
  const news = new EventSource("/simulator/events");
  news.onmessage = (event) => {
    const { address } = JSON.parse(event.data);
    const phones = address === "*" ? document.querySelectorAll(".phone") : [document.getElementById(address)];
    for (const phone of phones) if (phone) refresh(phone);
    refreshClock();
  };
  addEventListener("pagehide", () => news.close());
}

// --- whose phone ---

const linkOf = (phone) => document.querySelector(`[data-person="${phone.id}"]`);

function markUnread(phone, unread) {
  linkOf(phone).classList.toggle("unread", unread);
  linkOf(phone).querySelector(".new").hidden = !unread;
}

function choose(phone) {
  for (const other of document.querySelectorAll(".phone")) {
    other.classList.toggle("active", other === phone);
    linkOf(other).toggleAttribute("aria-current", other === phone);
  }
  linkOf(phone).setAttribute("aria-current", "true");
  markUnread(phone, false);
  const hidden = document.querySelector(".clock [name=siapa]");
  if (hidden) hidden.value = phone.id;
  history.replaceState(null, "", linkOf(phone).href);
  phone.scrollIntoView({ block: "nearest", inline: "nearest" });
}

document.querySelector(".people nav").addEventListener("click", (event) => {
  const link = event.target.closest("[data-person]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  choose(document.getElementById(link.dataset.person));
});

// --- sending ---

document.addEventListener("submit", async (event) => {
  const { target: form, submitter } = event;
  const phone = phoneOf(form);
  if (form.closest(".clock")) {
    event.preventDefault();
    await moveClock(form, submitter);
  } else if (phone) {
    event.preventDefault();
    await submit(form, phone, submitter);
  }
});

async function submit(form, phone, submitter) {
  const given = new FormData(form, submitter?.name ? submitter : undefined);
  const isFile = form.classList.contains("upload");
  const sent = form.querySelector("textarea");
  if (sent) sent.value = "";
  const body = isFile ? given : new URLSearchParams(given);
  if (isFile) tellStatus(phone, "Mengirim…");
  const done = await send(phone, form.action, body);
  if (!done && sent && !sent.value) sent.value = given.get("text");
  if (done && isFile) form.reset();
  const sheet = form.closest("details.more");
  if (sheet) {
    sheet.open = false;
    sheet.querySelector("summary").focus();
  }
}

async function moveClock(form, submitter) {
  const clock = form.closest(".clock");
  if (clock.getAttribute("aria-busy") === "true") return;
  clock.setAttribute("aria-busy", "true");
  clock.querySelector(".next").textContent = "Waktu sedang berjalan…";
  try {
    const answer = await post(form.action, new URLSearchParams(new FormData(form, submitter)));
    showClock(await answer.text());
  } catch {
    clock.querySelector(".next").textContent = "Waktu tidak dapat dimajukan. Silakan coba lagi.";
  } finally {
    clock.removeAttribute("aria-busy");
  }
}

document.addEventListener("keydown", (event) => {
  const { target, key } = event;
  if (target.matches(".say textarea") && key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (target.value.trim()) target.form.requestSubmit(target.form.querySelector(".send"));
  } else if (key === "Escape") {
    const sheet = target.closest?.("details.more[open]");
    if (!sheet) return;
    sheet.open = false;
    sheet.querySelector("summary").focus();
  }
});

document.addEventListener("click", (event) => {
  for (const sheet of document.querySelectorAll("details.more[open]")) {
    if (!sheet.contains(event.target)) sheet.open = false;
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches(".upload input") && event.target.files.length) event.target.form.requestSubmit();
});

// --- recording a voice note ---

function recordingBy(button) {
  let recorder = null;
  return async () => {
    const phone = phoneOf(button);
    if (recorder) {
      recorder.stop();
      return;
    }
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      tellStatus(phone, "Mikrofon tidak diizinkan. Berkas suara tetap bisa dikirim lewat tombol +.");
      return;
    }
    const pieces = [];
    recorder = new MediaRecorder(stream);
    recorder.ondataavailable = (event) => pieces.push(event.data);
    recorder.onstop = async () => {
      for (const track of stream.getTracks()) track.stop();
      const body = new FormData();
      body.append("file", new Blob(pieces, { type: recorder.mimeType }), "suara");
      recorder = null;
      button.setAttribute("aria-pressed", "false");
      await send(phone, button.dataset.to, body);
    };
    recorder.start();
    button.setAttribute("aria-pressed", "true");
    tellStatus(phone, "Merekam… Tekan lagi untuk mengirim.");
  };
}

if (navigator.mediaDevices && window.MediaRecorder) {
  for (const button of document.querySelectorAll(".record")) {
    button.hidden = false;
    button.addEventListener("click", recordingBy(button));
  }
}

listen();
setInterval(refreshClock, 30_000);
