rwk_instruction_sets(la/factor)
