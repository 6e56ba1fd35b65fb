(set-option :global-declarations true)(set-info :status sat)(set-info :example-x 4)
(push 1)(declare-fun g (Int Bool) Int)(define-sort S (A) A)(define-const c (S Int) 7)
(assert (> (g c true) 0))(check-sat-assuming ((not false)))(pop 1)(reset-assertions)
(echo "a""b")(get-info :name)(reset)(exit)
