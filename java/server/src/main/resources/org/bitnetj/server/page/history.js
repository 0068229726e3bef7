/** More chats than these are not kept; those that were used longest ago go first. */
const MOST_CHATS = 200;

/**
 * The chats of this browser, in IndexedDB. Where the browser has none to offer, such as in some
 * private windows, chats last as long as the page, and `kept` is false.
 */
export class History {
  kept = true;
  #memory = new Map();
  #database = new Promise((resolve, reject) => {
    const request = indexedDB.open("bitnet", 1);
    request.onupgradeneeded = () => {
      const chats = request.result.createObjectStore("chats", { keyPath: "id" });
      chats.createIndex("updated", "updated");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

  /** Ends when the browser has said whether it keeps chats. */
  async ready() {
    await this.#database.catch(() => { this.kept = false; });
  }

  async #run(mode, action) {
    const transaction = (await this.#database).transaction("chats", mode);
    const request = action(transaction.objectStore("chats"));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  /** The titles, that of the last used chat first. */
  async titles() {
    const chats = this.kept
      ? await this.#run("readonly", (store) => store.getAll())
      : [...this.#memory.values()];
    chats.sort((a, b) => b.updated - a.updated);
    return chats.map(({ id, title }) => ({ id, title }));
  }

  async get(id) {
    return this.kept ? this.#run("readonly", (store) => store.get(id)) : this.#memory.get(id);
  }

  async put(chat) {
    if (!this.kept) {
      this.#memory.set(chat.id, chat);
      return;
    }
    await this.#run("readwrite", (store) => {
      const request = store.put(chat);
      const count = store.count();
      count.onsuccess = () => {
        let surplus = count.result - MOST_CHATS;
        if (surplus > 0) {
          const oldest = store.index("updated").openCursor();
          oldest.onsuccess = () => {
            oldest.result.delete();
            if (--surplus > 0) {
              oldest.result.continue();
            }
          };
        }
      };
      return request;
    });
  }

  async remove(id) {
    if (this.kept) {
      await this.#run("readwrite", (store) => store.delete(id));
    } else {
      this.#memory.delete(id);
    }
  }
}
