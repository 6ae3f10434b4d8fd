/** Sends one file, and tells how far it is: fetch() cannot say that of a body. */

import { ApiError, readCookie, unreachable } from "./http.js";

const STALLED_MS = 90000; // the server takes up to 60 s to look into a file, and says nothing meanwhile

/**
 * Returns what the server has stored. Throws ApiError, also when `signal` aborts it.
 * @param {string} path
 * @param {File} file
 * @param {{signal: AbortSignal, onProgress: (sent: number) => void}} options onProgress gets the part that is sent, 0 to 1
 * @returns {Promise<import("../talk/model/attachments.js").Attachment>}
 */
export function uploadFile(path, file, { signal, onProgress }) {
  const request = new XMLHttpRequest();
  return new Promise((resolve, reject) => {
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    let timer;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), STALLED_MS);
    };
    request.upload.onprogress = ({ loaded, total }) => {
      wait();
      onProgress(total ? loaded / total : 0);
    };
    request.onloadend = () => {
      clearTimeout(timer);
      if (request.status === 201 && request.response) resolve(request.response);
      else reject(errorOf(request));
    };
    signal.addEventListener("abort", () => request.abort());
    request.open("POST", path);
    request.responseType = "json";
    request.setRequestHeader("Accept", "application/json");
    const csrfToken = readCookie("__Host-csrftoken") ?? readCookie("csrftoken");
    if (csrfToken) request.setRequestHeader("X-CSRFToken", csrfToken);
    const form = new FormData();
    form.append("file", file, file.name);
    wait();
    request.send(form);
  });
}

/** @param {XMLHttpRequest} request */
function errorOf({ status, response }) {
  return status === 0 ? unreachable() : new ApiError(status, response?.error);
}
