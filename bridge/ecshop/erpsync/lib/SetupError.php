<?php
/** Something a person has to mend before the bridge can work: what is wrong, and the remedy. */
class ErpSync_SetupError extends Exception
{
    /** @var string */
    public $name;
    /** @var string */
    public $remedy;

    public function __construct($name, $message, $remedy)
    {
        parent::__construct($message);
        $this->name = $name;
        $this->remedy = $remedy;
    }
}
