/* SPDX-License-Identifier: BSD-2-Clause */
/* Random shapes, and what of a table's configuration the registers of a walker hold. */
#include "tests/bench/random.h"
#include "tests/oracle/readers.h"

#define SHAPE_TRIES 400u

struct oracle_config readers_strict(const struct fh_pgtable_config *config, int start_level)
{
	return (struct oracle_config){
		.stage = config->format == FH_FORMAT_S2 ? ORACLE_STAGE_2 : ORACLE_STAGE_1,
		.two_privileges = config->regime == FH_REGIME_EL1,
		.ds = config->lpa2,
		.granule_lg2 = config->granule_lg2,
		.ias = config->ias,
		.oas = config->oas,
		.start_level = start_level,
		.share = config->share,
		.mair = config->mair,
	};
}

int readers_shape_of(const struct fh_pgtable_config *config, struct fh_shape *shape)
{
	struct fh_shape_request request = {
		.format = config->format,
		.regime = config->regime,
		.granule_lg2 = config->granule_lg2,
		.ias = config->ias,
		.oas = config->oas,
		.concat_lg2 = config->concat_lg2,
		.lpa2 = config->lpa2,
		.share = config->share,
		.mair = config->mair,
	};

	return fh_shape_init(shape, &request);
}

void readers_shape(uint64_t *random, struct fh_pgtable_config *config, unsigned int ias_least,
		   unsigned int ias_most)
{
	static const uint8_t shares[] = { FH_SHARE_NONE, FH_SHARE_OUTER, FH_SHARE_INNER };
	struct fh_shape shape;

	config->share = config->lpa2 ? shares[random_below(random, 3)] : 0;
	config->contiguous = random_below(random, 4) != 0;
	config->concat_lg2 = 0;
	if (config->format == FH_FORMAT_S2 && random_below(random, 2))
		config->concat_lg2 = (uint8_t)(1 + random_below(random, 4));
	/* Of 37 sizes three or so go with tables in a row. */
	for (unsigned int i = 0; i < SHAPE_TRIES; i++) {
		config->ias = (uint8_t)(ias_least + random_below(random, ias_most - ias_least + 1));
		if (!readers_shape_of(config, &shape))
			return;
		if (i == SHAPE_TRIES / 2)
			config->concat_lg2 = 0;
	}
}
