// The one script of the pages: it asks the browser for a passkey, since nothing else can, and sends what it says to the
// broker. Text only, for the pages of sign-in, of an invitation, and of an approval by who is not signed in; every other
// page works without it.
// It runs in a browser, so that its requests are the browser's.

export const PASSKEY_SCRIPT = `"use strict";
(() => {
  const box = document.getElementById("passkey");
  const button = document.getElementById("go");
  const status = document.getElementById("say");
  const { csrf, options: startPath, finish: finishPath, to, task, login } = box.dataset;
  const retry = button.textContent;
  const send = window.fetch.bind(window);

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  const written = (buffer) =>
    buffer === null || buffer === undefined
      ? undefined
      : btoa(Array.from(new Uint8Array(buffer), (one) => String.fromCharCode(one)).join(""))
          .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  const say = (text) => { status.textContent = text; status.hidden = text === ""; };

  async function ask(path, body) {
    const response = await send(path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ csrf, ...body }),
      redirect: "error",
    });
    const answer = await response.json();
    if (response.ok) return answer;
    const error = new Error(answer.detail);
    error.name = "Refused";
    throw error;
  }

  const credential = (one) => ({ ...one, id: bytes(one.id) });

  async function get(publicKey) {
    const { allowCredentials = [] } = publicKey;
    const made = await navigator.credentials.get({
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        allowCredentials: allowCredentials.map(credential),
      },
    });
    const { clientDataJSON, authenticatorData, signature, userHandle } = made.response;
    return {
      id: made.id,
      clientDataJSON: written(clientDataJSON),
      authenticatorData: written(authenticatorData),
      signature: written(signature),
      userHandle: written(userHandle),
    };
  }

  async function create(publicKey) {
    const { excludeCredentials = [], user } = publicKey;
    const made = await navigator.credentials.create({
      publicKey: {
        ...publicKey,
        challenge: bytes(publicKey.challenge),
        user: { ...user, id: bytes(user.id) },
        excludeCredentials: excludeCredentials.map(credential),
      },
    });
    const { response } = made;
    return {
      id: made.id,
      clientDataJSON: written(response.clientDataJSON),
      authenticatorData: written(response.getAuthenticatorData()),
      publicKey: written(response.getPublicKey()),
      publicKeyAlgorithm: response.getPublicKeyAlgorithm(),
    };
  }

  const WORDS = {
    NotAllowedError: "That was cancelled, or it took too long. You can try again.",
    InvalidStateError: "This device has a passkey for this account already.",
    SecurityError: "Passkeys do not work at this address. Open the page at the address that the server calls itself.",
    NotSupportedError: "This device cannot make a passkey of the kind that is needed here.",
  };
  const wordsOf = (error) =>
    error.name === "Refused" ? error.message : WORDS[error.name] ?? "That did not work. Load the page again and try once more.";

  async function attempt(work) {
    button.disabled = true;
    say("");
    try {
      await work();
    } catch (error) {
      say(wordsOf(error));
      button.disabled = false;
      button.textContent = retry;
      return false;
    }
    return true;
  }

  const onClick = (work) => button.addEventListener("click", () => attempt(work));

  const goOn = (answer) => {
    button.textContent = "One moment …";
    location.replace(answer.to);
  };

  function signIn() {
    button.hidden = false;
    button.focus();
    onClick(async () => {
      const { publicKey } = await ask(startPath, { to });
      goOn(await ask(finishPath, await get(publicKey)));
    });
  }

  /** The token stands in the fragment, which no server and no log sees; it is taken out of the history, too. */
  async function accept() {
    const invite = location.hash.slice(1);
    history.replaceState(null, "", location.pathname);
    if (invite === "") return say("The link of the invitation is not whole, or it was opened already. Open it once more, as it was sent to you.");
    const begin = () => ask(startPath, { invite });
    let started;
    if (!(await attempt(async () => { started = await begin(); }))) return;
    document.getElementById("name").textContent = started.publicKey.user.name;
    document.getElementById("account").hidden = false;
    button.hidden = false;
    button.disabled = false;
    button.focus();
    onClick(async () => {
      const { publicKey } = started ?? (await begin());
      started = undefined;
      goOn(await ask(finishPath, { invite, ...(await create(publicKey)) }));
    });
  }

  /** The yes goes the way of every form, so that its answer is a page, or leads back to the program. */
  function approve() {
    button.hidden = false;
    onClick(async () => {
      const { publicKey } = await ask(startPath, { login });
      const passkey = JSON.stringify(await get(publicKey));
      button.textContent = "One moment …";
      const fields = Object.entries({ decision: "approve", passkey }).map(([name, value]) =>
        Object.assign(document.createElement("input"), { type: "hidden", name, value }));
      box.append(...fields);
      box.submit();
      for (const field of fields) field.remove(); // Whoever comes back to this page begins anew.
    });
  }

  if (window.PublicKeyCredential === undefined)
    say("This browser offers no passkeys here. They need a current browser, and https unless the server is on this computer.");
  else ({ "sign-in": signIn, accept, approve })[task]();
})();
`;
