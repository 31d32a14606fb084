/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The strict walker. Tables of the manual stand here as tables. Freestanding: the host and the
 * target compile it alike.
 */
#include "tests/oracle/walker.h"

#define BIT(n) (UINT64_C(1) << (n))
#define BITS(high, low) (~UINT64_C(0) >> (63 - (high)) & ~UINT64_C(0) << (low))

#define GP BIT(50)
#define DBM BIT(51)
#define CONTIGUOUS BIT(52)
#define FNXS BIT(11)
#define AF BIT(10)

/* Of the way down: what the tables so far have taken away (D8.4.3). */
#define APTABLE_READ_ONLY BIT(62)
#define APTABLE_NO_EL0 BIT(61)
#define XNTABLE BIT(60)
#define PXNTABLE BIT(59)

/*
 * D8.2: what a granule has. A table of level L resolves input bits from low[L + 1] up; at stage 1
 * the walk of @ias bits begins at the first level L with most[L + 1] >= ias, from level 3 on.
 */
struct granule {
	unsigned int lg2;
	unsigned int least;  /* of ias, with FEAT_TTST */
	unsigned int low[5]; /* 0: no such level */
	unsigned int most[5];
	unsigned int run[5];
};

static const struct granule granules[] = {
	{ 12, 16, { 48, 39, 30, 21, 12 }, { 52, 48, 39, 30, 21 }, { 0, 0, 16, 16, 16 } },
	{ 14, 16, { 0, 47, 36, 25, 14 }, { 0, 52, 47, 36, 25 }, { 0, 0, 0, 32, 128 } },
	{ 16, 17, { 0, 0, 42, 29, 16 }, { 0, 0, 52, 42, 29 }, { 0, 0, 0, 32, 32 } },
};

struct walk {
	const struct oracle_config *config;
	const struct granule *granule;
	uint64_t tables; /* all table descriptors so far, or-ed */
};

static const struct granule *find_granule(unsigned int lg2)
{
	for (unsigned int i = 0; i < sizeof(granules) / sizeof(granules[0]); i++)
		if (granules[i].lg2 == lg2)
			return &granules[i];
	return 0;
}

unsigned int oracle_run(unsigned int granule_lg2, int level)
{
	const struct granule *granule = find_granule(granule_lg2);

	return granule ? granule->run[level + 1] : 0;
}

/* ---- The registers: D8.2. */

static unsigned int low_bit(const struct walk *walk, int level)
{
	return walk->granule->low[level + 1];
}

/* Where OA[51:48] come from: with the 64K granule from the output size, else from DS. */
static bool large_64k(const struct oracle_config *config)
{
	return config->granule_lg2 == 16 && config->oas == 52;
}

static enum oracle_error check_sizes(const struct oracle_config *config,
				     const struct granule *granule)
{
	bool large = granule->lg2 == 16 || config->ds;

	if (granule->lg2 == 16 && config->ds)
		return ORACLE_GRANULE;
	if (config->ias < granule->least || config->ias > (large ? 52u : 48u))
		return ORACLE_INPUT_SIZE;
	switch (config->oas) {
	case 32:
	case 36:
	case 40:
	case 42:
	case 44:
	case 48:
		return ORACLE_OK;
	case 52:
		return large ? ORACLE_OK : ORACLE_OUTPUT_SIZE;
	default:
		return ORACLE_OUTPUT_SIZE;
	}
}

static int start_level(const struct oracle_config *config, const struct granule *granule)
{
	int level = 3;

	if (config->stage == ORACLE_STAGE_2)
		return config->start_level;
	while (level > -1 && granule->most[level + 1] < config->ias)
		level--;
	return level;
}

/*
 * Level -1 with DS alone; stage 2 has up to 16 tables side by side, and level 0 of the 16K granule
 * with DS alone (D8.2.8 to D8.2.10).
 */
static bool start_exists(const struct oracle_config *config, const struct granule *granule,
			 int level)
{
	unsigned int low;

	if (level < -1 || level > 3 || !granule->low[level + 1])
		return false;
	low = granule->low[level + 1];
	if (config->ias <= low || (level == -1 && !config->ds))
		return false;
	if (config->stage == ORACLE_STAGE_1)
		return true;
	return config->ias - low <= granule->lg2 - 3 + 4 &&
	       (level != 0 || granule->lg2 != 14 || config->ds);
}

static enum oracle_error check_root(const struct oracle_config *config,
				    const struct granule *granule)
{
	unsigned int low = granule->low[start_level(config, granule) + 1];
	uint64_t bytes = UINT64_C(8) << (config->ias - low);

	/* The register keeps bits 51:48 of the address in bits 5:2. */
	if ((config->ds || large_64k(config)) && bytes < 64)
		bytes = 64;
	if (config->root & (bytes - 1))
		return ORACLE_ROOT_ALIGNMENT;
	return config->root >> config->oas ? ORACLE_ROOT_ADDRESS : ORACLE_OK;
}

static enum oracle_error check_config(const struct oracle_config *config,
				      const struct granule *granule)
{
	enum oracle_error error = check_sizes(config, granule);

	if (error)
		return error;
	if (!start_exists(config, granule, start_level(config, granule)))
		return ORACLE_START_LEVEL;
	return check_root(config, granule);
}

/* ---- One descriptor: D8.3. */

static bool is_table(uint64_t desc, int level)
{
	return (desc & 3) == 3 && level != 3;
}

/* D8.3.1, D8.3.2: the address of a table, and of a block or page with all its low bits. */
static uint64_t address_field(const struct oracle_config *config, uint64_t desc)
{
	if (config->ds)
		return (desc & BITS(49, config->granule_lg2)) | (desc >> 8 & 3) << 50;
	if (large_64k(config))
		return (desc & BITS(47, 16)) | (desc >> 12 & 15) << 48;
	return desc & BITS(47, config->granule_lg2);
}

/* Of every descriptor: what lies between bits 11 and the granule, and above bit 47. */
static uint64_t unused_address(const struct oracle_config *config)
{
	uint64_t unused = config->ds ? 0 : BITS(49, 48);

	if (config->granule_lg2 == 14)
		unused |= BITS(13, 12);
	if (config->granule_lg2 == 16 && !large_64k(config))
		unused |= BITS(15, 12);
	return unused;
}

static enum oracle_error check_table(const struct oracle_config *config, uint64_t desc)
{
	uint64_t res0 = unused_address(config) | BIT(50);

	if (config->stage == ORACLE_STAGE_2)
		res0 |= BITS(63, 59);
	else if (!config->two_privileges)
		res0 |= APTABLE_NO_EL0 | PXNTABLE;
	if (desc & res0)
		return ORACLE_TABLE_RES0;
	return address_field(config, desc) >> config->oas ? ORACLE_TABLE_ADDRESS : ORACLE_OK;
}

/* D8.3.1.2: 4K at levels 1 and 2, 16K and 64K at level 2; one level more with 52 bits. */
static bool block_exists(const struct oracle_config *config, int level)
{
	switch (config->granule_lg2) {
	case 12:
		return level == 1 || level == 2 || (level == 0 && config->ds);
	case 14:
		return level == 2 || (level == 1 && config->ds);
	default:
		return level == 2 || (level == 1 && config->oas == 52);
	}
}

static uint64_t leaf_res0(const struct oracle_config *config)
{
	uint64_t res0 = unused_address(config) | GP;

	if (!(config->defined & DBM))
		res0 |= DBM;
	if (config->stage == ORACLE_STAGE_2)
		return res0 | (config->defined & FNXS ? 0 : FNXS) | (config->xnx ? 0 : BIT(53));
	if (config->defined & GP)
		res0 &= ~GP;
	/* NS, outside the Secure state; nG and PXN where there is no EL0. */
	res0 |= BIT(5);
	return config->two_privileges ? res0 : res0 | BIT(11) | BIT(53);
}

/* The address bits that a block of @level does not have; in them nT, which is not to stay. */
static uint64_t block_low_bits(const struct walk *walk, int level)
{
	const struct oracle_config *config = walk->config;
	uint64_t low = BITS(low_bit(walk, level) - 1, 12);

	if (level == 3)
		return 0;
	return large_64k(config) ? low & ~BITS(15, 12) : low;
}

/* D8.5.5, without FEAT_S2FWB: MemAttr[3:2] 0 is Device, else outer and inner are 1 to 3. */
static bool memory_exists(uint64_t desc)
{
	unsigned int memattr = desc >> 2 & 15;

	return memattr < 4 || (memattr & 3);
}

static enum oracle_error check_leaf(const struct walk *walk, uint64_t desc, int level)
{
	const struct oracle_config *config = walk->config;

	if (level == 3 ? (desc & 3) != 3 : !block_exists(config, level))
		return level == 3 ? ORACLE_RESERVED_TYPE : ORACLE_BLOCK_LEVEL;
	if (desc & block_low_bits(walk, level))
		return ORACLE_LOW_BITS;
	if (desc & leaf_res0(config))
		return ORACLE_LEAF_RES0;
	if (config->stage == ORACLE_STAGE_1 && !config->two_privileges && !(desc & BIT(6)))
		return ORACLE_LEAF_RES1;
	if (!config->ds && (desc >> 8 & 3) == 1)
		return ORACLE_SHARE;
	if (config->stage == ORACLE_STAGE_2 && !memory_exists(desc))
		return ORACLE_MEMORY_TYPE;
	return address_field(config, desc) >> config->oas ? ORACLE_OUTPUT_ADDRESS : ORACLE_OK;
}

/* ---- Contiguous runs: D8.6.1. */

static unsigned int entries_of(const struct walk *walk, int level)
{
	const struct oracle_config *config = walk->config;

	if (level == start_level(config, walk->granule))
		return 1u << (config->ias - low_bit(walk, level));
	return 1u << (config->granule_lg2 - 3);
}

/* All bits but those of the address. */
static uint64_t without_address(const struct oracle_config *config, uint64_t desc)
{
	uint64_t address = BITS(config->ds ? 49 : 47, config->granule_lg2);

	if (config->ds)
		address |= BITS(9, 8);
	if (large_64k(config))
		address |= BITS(15, 12);
	return desc & ~address;
}

/* The run of the entry @index of the table at @table, which is a leaf with the hint. */
static enum oracle_error check_run(const struct walk *walk, uint64_t table, unsigned int index,
				   int level)
{
	const struct oracle_config *config = walk->config;
	unsigned int run = walk->granule->run[level + 1];
	uint64_t first = 0;

	if (!run)
		return ORACLE_RUN_LEVEL;
	if (run > entries_of(walk, level))
		return ORACLE_RUN_CUT;
	index -= index % run;
	for (unsigned int i = 0; i < run; i++) {
		uint64_t desc;

		if (!config->read(config->ctx, table + 8 * (index + i), &desc))
			return ORACLE_NO_MEMORY;
		if (!(desc & 1) || is_table(desc, level) || !(desc & CONTIGUOUS))
			return ORACLE_RUN_HINT;
		if (i == 0)
			first = desc;
		if (address_field(config, first) % ((uint64_t)run << low_bit(walk, level)) ||
		    address_field(config, desc) - address_field(config, first) !=
			(uint64_t)i << low_bit(walk, level))
			return ORACLE_RUN_ADDRESS;
		if (without_address(config, desc) != without_address(config, first))
			return ORACLE_RUN_ATTRIBUTES;
	}
	return ORACLE_OK;
}

/* ---- What a leaf grants: D8.4, D8.5. */

static unsigned int stage_1_access(const struct walk *walk, uint64_t desc)
{
	bool read_only = (desc & BIT(7)) || (walk->tables & APTABLE_READ_ONLY);
	bool el0 = (desc & BIT(6)) && !(walk->tables & APTABLE_NO_EL0);
	bool xn = (desc & BIT(54)) || (walk->tables & XNTABLE);
	bool pxn = (desc & BIT(53)) || (walk->tables & PXNTABLE);
	unsigned int access = read_only ? ORACLE_READ : ORACLE_READ | ORACLE_WRITE;

	if (!walk->config->two_privileges)
		return xn ? access : access | ORACLE_EXECUTE;
	if (el0)
		access |= read_only ? ORACLE_EL0_READ : ORACLE_EL0_READ | ORACLE_EL0_WRITE;
	if (!xn)
		access |= ORACLE_EL0_EXECUTE;
	if (!pxn && !(access & ORACLE_EL0_WRITE))
		access |= ORACLE_EXECUTE;
	return access;
}

static unsigned int stage_2_access(uint64_t desc)
{
	unsigned int access = 0;

	if (desc & BIT(6))
		access |= ORACLE_READ;
	if (desc & BIT(7))
		access |= ORACLE_WRITE;
	switch (desc >> 53 & 3) {
	case 0:
		return access | ORACLE_EXECUTE | ORACLE_EL0_EXECUTE;
	case 1:
		return access | ORACLE_EL0_EXECUTE;
	case 3:
		return access | ORACLE_EXECUTE;
	default:
		return access;
	}
}

/* MemAttr as a byte of MAIR: Device types 0 to 3, and 4, 0xb and 0xf for NC, WT and WB. */
static uint8_t stage_2_memory(uint64_t desc)
{
	static const uint8_t half[] = { 0, 0x4, 0xb, 0xf };
	unsigned int memattr = desc >> 2 & 15;

	if (memattr < 4)
		return (uint8_t)(memattr << 2);
	return (uint8_t)(half[memattr >> 2] << 4 | half[memattr & 3]);
}

unsigned int oracle_share(const struct oracle_verdict *verdict)
{
	return verdict->memory < 0x10 || verdict->memory == 0x44 ? 2 : verdict->share;
}

static void grant(const struct walk *walk, struct oracle_verdict *verdict, uint64_t va)
{
	const struct oracle_config *config = walk->config;
	uint64_t desc = verdict->desc;

	verdict->kind = ORACLE_TRANSLATION;
	verdict->pa = address_field(config, desc) | (va & BITS(verdict->span_lg2 - 1, 0));
	verdict->share = (uint8_t)(config->ds ? config->share : desc >> 8 & 3);
	verdict->accessed = desc & AF;
	if (config->stage == ORACLE_STAGE_2) {
		verdict->access = stage_2_access(desc);
		verdict->memory = stage_2_memory(desc);
		return;
	}
	verdict->access = stage_1_access(walk, desc);
	verdict->memory = (uint8_t)(config->mair >> 8 * (desc >> 2 & 7));
	verdict->not_global = config->two_privileges && (desc & BIT(11));
}

/* ---- The walk. */

static struct oracle_verdict refused(struct oracle_verdict verdict, enum oracle_error why)
{
	verdict.kind = ORACLE_REFUSED;
	verdict.why = why;
	return verdict;
}

static struct walk begin(const struct oracle_config *config, struct oracle_verdict *verdict)
{
	struct walk walk = { .config = config, .granule = find_granule(config->granule_lg2) };

	*verdict = (struct oracle_verdict){ .kind = ORACLE_FAULT };
	verdict->why = walk.granule ? check_config(config, walk.granule) : ORACLE_GRANULE;
	if (verdict->why)
		verdict->kind = ORACLE_REFUSED;
	return walk;
}

/* The entry @index of the table at @table, looked at; what to do then is the caller's. */
static enum oracle_error look(const struct walk *walk, uint64_t table, unsigned int index,
			      struct oracle_verdict *verdict)
{
	const struct oracle_config *config = walk->config;
	int level = verdict->level;
	enum oracle_error error;

	verdict->at = table + 8 * (uint64_t)index;
	verdict->span_lg2 = low_bit(walk, level);
	if (!config->read(config->ctx, verdict->at, &verdict->desc))
		return ORACLE_NO_MEMORY;
	if (!(verdict->desc & 1))
		return ORACLE_OK;
	if (is_table(verdict->desc, level))
		return check_table(config, verdict->desc);
	error = check_leaf(walk, verdict->desc, level);
	if (!error && verdict->desc & CONTIGUOUS)
		error = check_run(walk, table, index, level);
	return error;
}

struct oracle_verdict oracle_translate(const struct oracle_config *config, uint64_t va)
{
	struct oracle_verdict verdict;
	struct walk walk = begin(config, &verdict);
	uint64_t table = config->root;

	if (verdict.kind == ORACLE_REFUSED)
		return verdict;
	if (va >> config->ias)
		return refused(verdict, ORACLE_INPUT_ADDRESS);
	for (verdict.level = start_level(config, walk.granule);; verdict.level++) {
		unsigned int index = (unsigned int)(va >> low_bit(&walk, verdict.level)) &
				     (entries_of(&walk, verdict.level) - 1);
		enum oracle_error error = look(&walk, table, index, &verdict);

		if (error)
			return refused(verdict, error);
		if (!(verdict.desc & 1))
			return verdict;
		if (!is_table(verdict.desc, verdict.level))
			break;
		walk.tables |= verdict.desc;
		table = address_field(config, verdict.desc);
	}
	grant(&walk, &verdict, va);
	return verdict;
}

/* Tables nest five deep at most. */
static struct oracle_verdict check_level(const struct walk *walk, uint64_t table, int level)
{
	struct oracle_verdict verdict = { .kind = ORACLE_FAULT, .level = level };

	for (unsigned int i = 0; i < entries_of(walk, level); i++) {
		struct oracle_verdict below;
		enum oracle_error error = look(walk, table, i, &verdict);

		if (error)
			return refused(verdict, error);
		/* Of a run that was found whole, the rest is as good as this entry. */
		if ((verdict.desc & 1) && !is_table(verdict.desc, level) &&
		    (verdict.desc & CONTIGUOUS))
			i |= walk->granule->run[level + 1] - 1;
		if (!is_table(verdict.desc, level))
			continue;
		below = check_level(walk, address_field(walk->config, verdict.desc), level + 1);
		if (below.kind == ORACLE_REFUSED)
			return below;
	}
	return verdict;
}

struct oracle_verdict oracle_check(const struct oracle_config *config)
{
	struct oracle_verdict verdict;
	struct walk walk = begin(config, &verdict);

	if (verdict.kind == ORACLE_REFUSED)
		return verdict;
	return check_level(&walk, config->root, start_level(config, walk.granule));
}
