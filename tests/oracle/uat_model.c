/* SPDX-License-Identifier: BSD-2-Clause */
/* The coprocessor: see uat_model.h. */
#include "tests/oracle/uat_model.h"

#include <cpu.h>

#define PAGE_LG2 14
#define LEVEL_BITS 11
#define VA_BITS 39
#define ADDRESS UINT64_C(0x0000ffffffffc000)
#define SLOW_LOOKS 200u
#define NOWHERE UINT64_MAX

static void wrong(struct uat_model *m, const char *what)
{
	if (!m->wrong)
		m->wrong = what;
}

static uint64_t random_below(struct uat_model *m, uint64_t bound)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 7;
	m->random ^= m->random << 17;
	return m->random % bound;
}

static uint64_t *at(struct uat_model *m, uint64_t pa)
{
	if (pa < m->ram || pa - m->ram >= m->ram_bytes) {
		wrong(m, "it was led out of memory");
		return NULL;
	}
	return (uint64_t *)(pa + m->direct_offset);
}

/* ---- Translation */

static bool is_upper(uint64_t address)
{
	return address >> VA_BITS != 0;
}

static uint64_t walk(struct uat_model *m, uint64_t address)
{
	uint64_t pa = is_upper(address) ? m->upper : m->lower;

	address &= (UINT64_C(1) << VA_BITS) - 1;
	for (unsigned int shift = PAGE_LG2 + 2 * LEVEL_BITS;; shift -= LEVEL_BITS) {
		uint64_t *table = at(m, pa), desc;

		if (!table)
			return NOWHERE;
		desc = __atomic_load_n(&table[address >> shift & ((1u << LEVEL_BITS) - 1)],
				       __ATOMIC_ACQUIRE);
		if (!(desc & 1))
			return NOWHERE;
		if (!(desc & 2)) {
			wrong(m, "it read a descriptor that is none: a table was freed");
			return NOWHERE;
		}
		pa = desc & ADDRESS;
		if (shift == PAGE_LG2)
			return pa;
	}
}

static struct uat_model_entry *tlb_entry(struct uat_model *m, uint64_t address)
{
	return &m->tlb[is_upper(address)][(address >> PAGE_LG2) % UAT_MODEL_TLB];
}

static uint64_t translate(struct uat_model *m, uint64_t address)
{
	struct uat_model_entry *entry = tlb_entry(m, address);
	uint64_t pa;

	if (entry->page == (address | 1)) {
		m->hits++;
		return entry->pa;
	}
	pa = walk(m, address);
	if (pa != NOWHERE)
		*entry = (struct uat_model_entry){ address | 1, pa };
	return pa;
}

static void use(struct uat_model *m, struct uat_model_page *page)
{
	uint64_t before = page->epoch, pa, *word;

	if (page->context != FH_UAT_UPPER && page->context != m->in)
		return;
	pa = translate(m, page->address);
	if (pa == NOWHERE)
		return;
	if (before % 2 == 0 && page->epoch == before)
		wrong(m, "a translation outlived its flush");
	word = at(m, pa);
	if (word && *word != page->tag)
		wrong(m, "it used a page that was given to somebody else");
	m->uses++;
}

/* ---- What it is asked to forget */

static void forget(struct uat_model *m, bool upper, uint64_t address, uint64_t size)
{
	for (unsigned int i = 0; i < UAT_MODEL_TLB; i++) {
		struct uat_model_entry *entry = &m->tlb[upper][i];

		if (entry->page && entry->page - 1 >= address && entry->page - 1 - address < size)
			entry->page = 0;
	}
}

static void answer(struct uat_model *m, uint32_t record)
{
	struct fh_uat_flush *flush = &m->handoff->flush[record];
	bool upper = record == FH_UAT_UPPER;

	if (flush->state != FH_UAT_FLUSH_POSTED)
		return;
	for (unsigned int i = 0; m->mode == UAT_MODEL_SLOW && i < SLOW_LOOKS; i++)
		arch_cpu_relax();
	if (!flush->size || is_upper(flush->address) != upper)
		wrong(m, "it was asked to flush what the record is not for");
	forget(m, upper, flush->address, flush->size);
	m->answers++;
	flush->state = FH_UAT_FLUSH_DONE;
}

static void answer_all(struct uat_model *m)
{
	if (m->in)
		answer(m, m->in);
	answer(m, FH_UAT_UPPER);
}

/* ---- The lock, as the algorithm has it: who steps back waits for its turn */

static void wait_a_little(struct uat_model *m)
{
	answer_all(m);
	arch_cpu_relax();
}

static void lock(struct uat_model *m)
{
	struct fh_uat_handoff *h = m->handoff;

	h->lock[1] = 1;
	while (h->lock[0]) {
		if (h->turn == 1) {
			wait_a_little(m);
			continue;
		}
		h->lock[1] = 0;
		while (h->turn != 1)
			wait_a_little(m);
		h->lock[1] = 1;
	}
}

static void unlock(struct uat_model *m)
{
	m->handoff->turn = 0;
	m->handoff->lock[1] = 0;
}

static uint64_t root_at(struct uat_model *m, const uint64_t *root, uint32_t number)
{
	uint64_t value = __atomic_load_n(root, __ATOMIC_ACQUIRE);

	if (!(value & 1))
		return NOWHERE;
	if (value >> 48 != number)
		wrong(m, "a root has the number of another context");
	return value & ADDRESS;
}

static void leave(struct uat_model *m)
{
	lock(m);
	m->handoff->current = 0;
	m->in = 0;
	unlock(m);
}

static void enter(struct uat_model *m, uint32_t number)
{
	uint64_t lower;

	lock(m);
	lower = root_at(m, &m->contexts[number].lower, number);
	if (lower != NOWHERE) {
		if (root_at(m, &m->contexts[number].upper, number) != m->upper)
			wrong(m, "a context has a lower half, and not the upper one");
		m->handoff->current = number;
		m->in = number;
		m->lower = lower;
		forget(m, false, 0, UINT64_C(1) << VA_BITS);
		m->enters++;
	}
	unlock(m);
}

/* ---- Its own entries: valid, of another page, invalid but not zero, zero */

static void change_own(struct uat_model *m)
{
	unsigned int i = (unsigned int)random_below(m, UAT_MODEL_OWN);
	uint64_t values[] = { 0, 0xdead0000, (m->ram & ADDRESS) | 0x443, ADDRESS | 0x4c3 };

	m->own_value[i] = values[random_below(m, FH_ARRAY_SIZE(values))];
	__atomic_store_n(&m->own[i], m->own_value[i], __ATOMIC_RELEASE);
}

bool uat_model_own_intact(const struct uat_model *model)
{
	for (unsigned int i = 0; i < UAT_MODEL_OWN; i++)
		if (model->own[i] != model->own_value[i])
			return false;
	return true;
}

static void move(struct uat_model *m)
{
	uint32_t pin = m->pin;
	uint32_t to = pin ? pin : (uint32_t)random_below(m, UAT_MODEL_LAST + 1);

	if (pin && m->in == pin)
		return;
	if (m->in)
		leave(m);
	if (to)
		enter(m, to);
}

void uat_model_step(struct uat_model *m)
{
	answer_all(m);
	for (unsigned int i = 0; i < 8; i++)
		use(m, &m->page[random_below(m, m->pages)]);
	change_own(m);
	if (m->pin || random_below(m, 16) == 0)
		move(m);
}

static void do_nothing(struct uat_model *m, uint32_t mode)
{
	if (mode == UAT_MODEL_HOLD)
		lock(m);
	m->seen = mode;
	while (m->mode == mode)
		arch_cpu_relax();
	if (mode == UAT_MODEL_HOLD)
		unlock(m);
}

void uat_model_run(struct uat_model *m)
{
	uint32_t mode;

	for (unsigned int i = 0; i < UAT_MODEL_OWN; i++)
		m->own_value[i] = m->own[i];
	m->handoff->magic[1] = UINT64_C(0x4b1d000000000002);
	while ((mode = m->mode) != UAT_MODEL_STOP) {
		if (mode == UAT_MODEL_DEAD || mode == UAT_MODEL_HOLD)
			do_nothing(m, mode);
		m->seen = mode;
		uat_model_step(m);
		arch_cpu_relax();
	}
	if (m->in)
		leave(m);
	m->seen = mode;
}
