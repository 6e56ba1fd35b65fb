; What cannot be read, one command after another.
(assert x)(assert (foo 1))(assert (= 1 true))(assert (mod 1 2 3))(declare-const x Foo)
(declare-const let Int)(push x)(pop 7)(assert (let ((x)) true))(assert (! true :named))
(assert (forall ((x Int)) true))(assert (= #x0f #b1 "a""b" |q|))(echo |x|)(define-fun f ((x Int)) Bool x)
(assert ((_ divisible 0) 1)) ) x 5 (set-info :a (b "c" |d|)) (assert (and true
